// Links belong to the meta, yet whoever calls the engine reads and writes them: this is where the
// command line and the library get them from.

import { formatLink as format, parseLink as parse } from '../core/meta/link.js'
import type { Link } from './api.js'
import { checkLink } from './options.js'

/** A link, or undefined where `text` is none. */
export function parseLink(text: string): Link | undefined {
  return typeof text === 'string' ? parse(text) : undefined
}

/** The link as text, which shells take within quotes. Throws `BAD_OPTION` when it is no link. */
export function formatLink(link: Link): string {
  checkLink(link)
  return format(link)
}
