// The contract of every protocol core: a deterministic machine that owns no socket, no clock and no
// luck. The shell feeds it inputs, drains its outputs dry, and sleeps until its deadline. The same
// machine therefore runs under real sockets and under a simulator with a virtual clock.

/** Microseconds since an arbitrary origin of the shell's clock; never wall-clock time. */
export type Micros = number

export interface Machine<In, Out> {
  /** Takes one input. Performs no I/O and never throws because of remote bytes. */
  handle(input: In, now: Micros): void
  /** Hands out one output; the shell calls it until it is `undefined`, after every `handle`. */
  poll(now: Micros): Out | undefined
  /** When the machine wants to be woken (by `poll`); `Infinity` means never. */
  readonly deadline: Micros
}
