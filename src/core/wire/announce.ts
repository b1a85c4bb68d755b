// What a transmitter says of itself on channel 0 every second, and the question that makes it speak
// at once. JSON in one datagram. A receiver dials only the source address of an announcement, so no
// address is ever in its body.

import { z } from 'zod'
import { textOf, utf8 } from '../base/bytes.js'
import { LIMITS } from '../base/limits.js'
import { DATAGRAM, emptyHeader, HEADER_BYTES, type SessionId, writeHeader } from './datagram.js'

const BLANK = 32
const ID = z.string().regex(/^[0-9a-f]{64}$/)
const U32 = z.number().int().min(0).max(0xffff_ffff)
const COUNT = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
const PORT = z.number().int().min(1).max(65_535)

/** An address of a multicast group: one may be told to join no other, and no name. */
export const GROUP = z
  .string()
  .max(64)
  .regex(/^(2(2[4-9]|3\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}|ff[0-9a-f]{2}:[0-9a-f:.]*(%[\w.-]+)?)$/i)

const ANNOUNCE = z.object({
  id: ID,
  name: z.string().max(LIMITS.metaNameBytesMax),
  /** Bytes of payload in the whole transfer. */
  size: COUNT,
  files: U32,
  role: z.enum(['seeder', 'relay']),
  /** TCP port for peers and the control connection, at this datagram's source address. */
  port: PORT,
  channels: z
    .array(
      z.object({
        channel: z.number().int().min(0).max(15),
        group: GROUP,
        port: PORT,
        next: COUNT,
      }),
    )
    .max(16),
  /** 0: there is no data. Less than 544 would be more symbols a block than its bitmap has. */
  symbolBytes: z.union([z.literal(0), z.number().int().min(544).max(16_384)]),
  rateBps: COUNT,
  pass: U32,
  meta: z.object({ bytes: COUNT.max(LIMITS.metaBytesMax), sha256: ID }),
})

export type Announce = z.infer<typeof ANNOUNCE>

const QUERY = z.object({
  id: z
    .string()
    .regex(/^[0-9a-f]{8,64}$/)
    .optional(),
  /** Who asks, and how it stands: whoever hears this is in the same segment. */
  from: z
    .object({
      node: z.string().regex(/^[0-9a-f]{16}$/),
      /** TCP port for peers, at this datagram's source address. */
      port: PORT,
      /** It hears a sender here. */
      hears: z.boolean(),
      /** It would fetch from outside and multicast here; it does so now. */
      able: z.boolean(),
      relays: z.boolean(),
      /** What it fetched from outside when it last did, bits per second; 0: it never did. */
      bps: COUNT,
      /** Where it is able, nobody should who is not meant to. */
      only: z.boolean(),
    })
    .optional(),
})

/** A question; `id` (or its first digits) narrows it to one transfer. */
export type Query = z.infer<typeof QUERY>

/** How a receiver stands to its segment. */
export type Standing = NonNullable<Query['from']>

/**
 * The announcement datagram, header included; a long name is cut so that it fits. With `padToBytes`
 * blanks follow, which JSON allows.
 */
export function encodeAnnounce(
  session: SessionId,
  sequence: number,
  announce: Announce,
  padToBytes = 0,
): Uint8Array {
  let payload = utf8(JSON.stringify(announce))
  for (
    let cut = 200;
    payload.length > LIMITS.announceBytesMax - HEADER_BYTES && cut >= 0;
    cut -= 25
  )
    payload = utf8(
      JSON.stringify({ ...announce, name: Array.from(announce.name).slice(0, cut).join('') }),
    )
  const padded = new Uint8Array(Math.max(payload.length, padToBytes - HEADER_BYTES)).fill(BLANK)
  padded.set(payload)
  return datagram(DATAGRAM.announce, session, sequence, padded)
}

export function encodeQuery(session: SessionId, query: Query): Uint8Array {
  return datagram(DATAGRAM.query, session, 0, utf8(JSON.stringify(query)))
}

/** The announcement in a payload, or `undefined` when it is not one. */
export function decodeAnnounce(payload: Uint8Array): Announce | undefined {
  return ANNOUNCE.safeParse(json(payload)).data
}

export function decodeQuery(payload: Uint8Array): Query | undefined {
  return QUERY.safeParse(json(payload)).data
}

function datagram(
  type: number,
  session: SessionId,
  sequence: number,
  payload: Uint8Array,
): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + payload.length)
  const header = emptyHeader()
  header.type = type
  header.sessionHigh = session.high
  header.sessionLow = session.low
  header.sequence = sequence
  writeHeader(bytes, 0, header)
  bytes.set(payload, HEADER_BYTES)
  return bytes
}

function json(payload: Uint8Array): unknown {
  const text = textOf(payload)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
