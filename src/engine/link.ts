// Links belong to the meta, yet whoever calls the engine reads and writes them: this is where the
// command line and the library get them from.

export { formatLink, parseLink } from '../core/meta/link.js'
