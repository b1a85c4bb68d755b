// A TCP connection that carries short lines of JSON, for both sides of a bench: what is longer than a
// line may be, or is no word of theirs, ends it.

import type { Socket } from 'node:net'
import { LIMITS } from '../../core/base/limits.js'
import { type BenchWord, benchLine, parseBenchWord } from '../../core/bench/words.js'

export class LineSocket {
  readonly #socket: Socket
  #text = ''

  constructor(socket: Socket, onWord: (word: BenchWord) => void, onEnd: () => void) {
    this.#socket = socket
    socket.setEncoding('latin1') // words are ASCII
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.once('close', onEnd)
    socket.on('data', (piece: string) => this.#take(piece, onWord))
  }

  say(word: BenchWord): void {
    if (this.#socket.writable) this.#socket.write(benchLine(word))
  }

  /** What was said still arrives. */
  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #take(piece: string, onWord: (word: BenchWord) => void): void {
    this.#text += piece
    for (let end = this.#text.indexOf('\n'); end >= 0; end = this.#text.indexOf('\n')) {
      const word = parseBenchWord(this.#text.slice(0, end))
      this.#text = this.#text.slice(end + 1)
      if (word === undefined) return this.destroy()
      onWord(word)
      if (this.#socket.destroyed) return
    }
    if (this.#text.length > LIMITS.benchLineBytesMax) this.destroy()
  }
}
