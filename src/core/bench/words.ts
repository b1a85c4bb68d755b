// What the two sides of a bench say to each other over TCP: JSON, one object a line. A receiver dials
// and says who it is; the sender asks for the figures of a run until it has them.

import { z } from 'zod'

const COUNT = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
const RUN = z.number().int().min(1).max(65_535)
const NUMBER = z.string().regex(/^[0-9a-f]{16}$/)

const WORD = z.discriminatedUnion('type', [
  /** Receiver: which session it hears, and the random name of its process. */
  z.object({ type: z.literal('hello'), session: NUMBER, receiver: NUMBER }),
  /** Sender: the run is over, so many left; how was it? */
  z.object({ type: z.literal('ask'), run: RUN, sent: COUNT }),
  /** Receiver: its figures of a run. */
  z.object({
    type: z.literal('report'),
    run: RUN,
    received: COUNT,
    receivedBytes: COUNT,
    total: COUNT,
    lost: COUNT,
    outOfOrder: COUNT,
    duplicates: COUNT,
    jitterMicros: z.number().min(0).max(Number.MAX_SAFE_INTEGER),
    startMicros: COUNT,
    endMicros: COUNT,
  }),
  /** Sender: dial again, and take a stream. */
  z.object({ type: z.literal('open'), run: RUN }),
  /** Receiver, on that connection: here I am; what follows are the sender's bytes. */
  z.object({ type: z.literal('data'), session: NUMBER, receiver: NUMBER, run: RUN }),
  /** Sender: it has what it wanted. */
  z.object({ type: z.literal('bye') }),
])

export type BenchWord = z.infer<typeof WORD>

/** The word in a line, or undefined when it is none. */
export function parseBenchWord(line: string): BenchWord | undefined {
  try {
    return WORD.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}

export function benchLine(word: BenchWord): string {
  return `${JSON.stringify(word)}\n`
}
