// Many small jobs, a few at a time: the disk likes several requests in flight, memory does not like
// a hundred thousand promises.

/**
 * Calls `work` for 0…count−1, at most `width` at once. The first failure stops the rest from being
 * started and is thrown after those under way have ended.
 */
export async function inLanes(
  count: number,
  width: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0
  let failure: { error: unknown } | undefined
  const lane = async () => {
    while (next < count && failure === undefined) {
      try {
        await work(next++)
      } catch (error) {
        failure ??= { error }
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(width, count) }, lane))
  if (failure !== undefined) throw failure.error
}
