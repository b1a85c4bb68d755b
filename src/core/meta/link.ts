// What people paste to each other instead of a file: `mcp2p:<id>?m=<host:port>&m=…&n=<name>`. The
// id is all that counts, since it is the hash of the meta; `m` says who has it and `n` how it is
// called before the meta is there. Parsing is strict: a link that lost a character in a mail says
// so at once instead of waiting for a swarm that does not exist.

import type { Address } from '../../ports.js'
import { formatEndpoint, parseEndpoint } from '../base/endpoint.js'
import { LIMITS } from '../base/limits.js'
import { isDisplayName } from './names.js'

/** A parsed link; `name` is for display only and is never used as a path. */
export interface MetaLink {
  /** 64 lower-case hex digits. */
  readonly id: string
  /** Managers or peers that know the id, in order. */
  readonly managers: readonly Address[]
  readonly name?: string
}

const LINK_CHARS_MAX = 16 * 1024

/** A link, or undefined where the text is none. Unknown parameters are ignored (later versions). */
export function parseLink(text: string): MetaLink | undefined {
  if (text.length > LINK_CHARS_MAX) return undefined
  const match = /^mcp2p:([0-9a-f]{64})(?:\?(.*))?$/s.exec(text)
  if (match === null) return undefined
  const [, id, query] = match
  const managers: Address[] = []
  let name: string | undefined
  for (const pair of query === undefined ? [] : query.split('&')) {
    const equals = pair.indexOf('=')
    const value = equals < 1 ? undefined : decode(pair.slice(equals + 1))
    if (value === undefined) return undefined
    const key = pair.slice(0, equals)
    if (key === 'm') {
      const address = parseEndpoint(value)
      if (address === undefined || managers.length === LIMITS.metaManagersMax) return undefined
      managers.push(address)
    } else if (key === 'n') {
      if (name !== undefined || !isDisplayName(value)) return undefined
      name = value
    }
  }
  return name === undefined ? { id, managers } : { id, managers, name }
}

/**
 * The link as text: plain ASCII without quotes or blanks, so that it survives mails and, quoted,
 * shells. A name that could not be displayed is left out.
 */
export function formatLink(link: MetaLink): string {
  const parts = link.managers.map(address => `m=${encode(formatEndpoint(address))}`)
  if (link.name !== undefined && isDisplayName(link.name)) parts.push(`n=${encode(link.name)}`)
  return `mcp2p:${link.id}${parts.length === 0 ? '' : `?${parts.join('&')}`}`
}

/** Like encodeURIComponent, but `:` stays readable and every mark a shell could take is coded. */
function encode(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*~]/g, mark => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%3A', ':')
}

function decode(text: string): string | undefined {
  if (!/^[\x21-\x7e]*$/.test(text)) return undefined
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined // a broken percent sequence
  }
}
