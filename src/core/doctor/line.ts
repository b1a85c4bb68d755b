// What two doctors say to each other over TCP, one JSON object a line: the one that was asked for
// leads, the one that listens does what it is told, within limits of its own. Every request has one
// answer. Nothing in a line names an address: multicast goes to the listener's own group, and it
// dials nobody but the host that called.

import { z } from 'zod'
import { LIMITS } from '../base/limits.js'
import { bytesIn } from '../base/units.js'

const U32 = z.number().int().min(0).max(0xffff_ffff)
const PORT = z.number().int().min(1).max(65_535)
const WHY = z.string().max(200)
const PAD = z.string().max(LIMITS.doctorPadChars)
const ROUND = z.number().int().min(0).max(LIMITS.doctorRoundsMax)

/** Where each stands. */
const HELLO = z.object({
  cmd: z.literal('hello'),
  /** Chosen by the one who calls; every datagram of this conversation bears it. */
  run: U32,
  group: z.string().max(64),
  port: PORT,
  dataPort: PORT,
  /** Interface that multicast leaves by; it ends up in commands for people. */
  link: z
    .string()
    .regex(/^[\w.:-]{1,32}$/)
    .optional(),
  /** Its MTU, and what datagrams are made for. */
  linkMtuBytes: z.number().int().min(0).max(65_536).optional(),
  mtuBytes: z.number().int().min(LIMITS.mtuMin).max(LIMITS.mtuDefault),
  unixMillis: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
})

const REQUEST = z.discriminatedUnion('cmd', [
  HELLO,
  /** Send `count` datagrams of `bytes` to the group. */
  z.object({
    cmd: z.literal('blast'),
    round: ROUND,
    to: z.enum(['announcements', 'data']),
    bytes: z.number().int().min(64).max(LIMITS.doctorDatagramBytesMax),
    count: z.number().int().min(1).max(LIMITS.doctorBlastDatagramsMax),
    rateBps: z.number().int().min(1).max(LIMITS.doctorRateBpsMax),
  }),
  /** How many datagrams of the round were heard? */
  z.object({ cmd: z.literal('tally'), round: ROUND }),
  /** Leave the group and join it again. */
  z.object({ cmd: z.literal('rejoin') }),
  /** Dial back to this port. */
  z.object({ cmd: z.literal('dial'), port: PORT }),
  /** Take this, and give so many characters. */
  z.object({
    cmd: z.literal('pad'),
    pad: PAD,
    want: z.number().int().min(0).max(LIMITS.doctorPadChars),
  }),
])

const ANSWER = z.discriminatedUnion('cmd', [
  HELLO,
  z.object({ cmd: z.literal('blast'), sent: U32, micros: U32, error: WHY.optional() }),
  z.object({ cmd: z.literal('tally'), heard: U32 }),
  z.object({ cmd: z.literal('rejoin') }),
  z.object({ cmd: z.literal('dial'), error: WHY.optional() }),
  z.object({ cmd: z.literal('pad'), pad: PAD }),
  z.object({ cmd: z.literal('error'), why: WHY }),
])

export type Hello = z.infer<typeof HELLO>
export type Request = z.infer<typeof REQUEST>
export type Blast = Extract<Request, { cmd: 'blast' }>
export type Answer = z.infer<typeof ANSWER>

/** The request in a line, or undefined. */
export function requestIn(line: string): Request | undefined {
  return REQUEST.safeParse(json(line)).data
}

/** The answer in a line, or undefined. */
export function answerIn(line: string): Answer | undefined {
  return ANSWER.safeParse(json(line)).data
}

/** The blast, no faster than this and no longer than any may be. */
export function boundedBlast(blast: Blast, maxBps: number): Blast {
  const rateBps = Math.min(blast.rateBps, maxBps)
  const most = bytesIn(LIMITS.doctorBlastMicrosMax, rateBps) / blast.bytes
  return { ...blast, rateBps, count: Math.max(1, Math.min(blast.count, Math.floor(most))) }
}

function json(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
