// Files that are whole wait here for their final names, some at a time: a tree of small files
// completes them by the thousand, and each under way holds a descriptor and promises.

/**
 * Beside each other, so that the disk syncs several at once, and many, because each waits for a dozen
 * turns of a busy loop: who falls behind the line has to open each file again.
 */
const FILES_AT_ONCE = 64

export class Finisher {
  readonly #finish: (file: number) => Promise<void>
  readonly #onFinished: (file: number) => void
  readonly #onFailure: (error: unknown) => void
  readonly #waiting: number[] = []
  #next = 0
  #active = 0

  constructor(
    finish: (file: number) => Promise<void>,
    onFinished: (file: number) => void,
    onFailure: (error: unknown) => void,
  ) {
    this.#finish = finish
    this.#onFinished = onFinished
    this.#onFailure = onFailure
  }

  add(file: number): void {
    this.#waiting.push(file)
    if (this.#active < FILES_AT_ONCE) void this.#work()
  }

  async #work(): Promise<void> {
    this.#active++
    try {
      while (this.#next < this.#waiting.length) {
        const file = this.#waiting[this.#next++]
        await this.#finish(file)
        this.#onFinished(file)
      }
      this.#waiting.length = 0
      this.#next = 0
    } catch (error) {
      this.#onFailure(error)
    }
    this.#active--
  }
}
