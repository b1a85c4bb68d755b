// Connections to the manager that speak frames: whoever wants the meta of a transfer, and whoever
// offers one that is not here yet. Nothing is kept that is not the very document its id names.

import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { LIMITS } from '../../core/base/limits.js'
import { isDocumentOf } from '../../core/meta/p2pmeta.js'
import type { Hello, Message } from '../../core/wire/message.js'
import { sha256 } from '../../io/disk/hasher.js'
import { Backlog } from '../../io/net/backlog.js'
import { Conn } from '../../io/net/conn.js'
import type { MetaFolder } from '../../io/registry/meta-folder.js'
import { MetaParts } from '../meta-parts.js'
import { metaPart } from './give-meta.js'

const IDLE_MILLIS = 10_000
/** Documents under way at once: each may be large. */
const TAKEN_AT_ONCE = 4

export class MetaDesk {
  readonly #folder: MetaFolder
  readonly #wants: (id: string) => boolean
  readonly #onTrouble: (error: unknown) => void
  readonly #node = randomBytes(8).toString('hex')
  readonly #taking = new Set<string>()
  readonly #backlog = new Backlog()

  constructor(
    folder: MetaFolder,
    wants: (id: string) => boolean,
    onTrouble: (error: unknown) => void,
  ) {
    this.#folder = folder
    this.#wants = wants
    this.#onTrouble = onTrouble
  }

  accept(socket: Socket, first: Uint8Array): void {
    let visit: Visit | undefined
    const timer = setTimeout(() => conn.drop(), IDLE_MILLIS)
    const end = (): void => {
      clearTimeout(timer)
      if (visit?.parts) this.#taking.delete(visit.hello.id)
    }
    socket.once('close', end)
    const onMessage = (message: Message): void => {
      if (message.type === 'hello' && visit === undefined) {
        visit = { hello: message, parts: undefined, document: undefined }
        return this.#greet(conn, visit)
      }
      if (visit === undefined) return conn.drop()
      if (message.type === 'meta-request') {
        timer.refresh()
        void this.#give(conn, visit, message.offsetBytes, message.lengthBytes)
      } else if (message.type === 'meta' && visit.parts !== undefined) {
        timer.refresh()
        this.#take(conn, visit.hello.id, visit.parts, message)
      }
    }
    const conn = new Conn(socket, { onMessage, onClose: end }, this.#backlog)
    conn.push(first)
  }

  #greet(conn: Conn, visit: Visit): void {
    const { id, role } = visit.hello
    const who = { id, node: this.#node, port: 0, role: 'manager', complete: false } as const
    conn.send({ type: 'hello', ...who, version: 1, features: [] })
    if (role === 'meta') return
    const isWelcome = role === 'seeder' && this.#wants(id) && !this.#taking.has(id)
    if (!isWelcome || this.#taking.size >= TAKEN_AT_ONCE) return conn.close()
    this.#taking.add(id)
    visit.parts = new MetaParts(LIMITS.managerMetaBytesMax)
    conn.send(visit.parts.request)
  }

  async #give(conn: Conn, visit: Visit, offset: number, length: number): Promise<void> {
    visit.document ??= this.#folder.read(visit.hello.id)
    const document = await visit.document
    const part = document && metaPart(document, offset, length)
    if (part === undefined) conn.close()
    else conn.send(part)
  }

  #take(conn: Conn, id: string, parts: MetaParts, message: Message & { type: 'meta' }): void {
    const state = parts.take(message)
    if (state === 'more') conn.send(parts.request)
    else conn.close()
    if (state !== 'all') return
    const document = parts.document
    if (isDocumentOf(id, document, sha256)) this.#folder.write(id, document).catch(this.#onTrouble)
  }
}

interface Visit {
  readonly hello: Hello
  parts: MetaParts | undefined
  /** What is given, read once. */
  document: Promise<Uint8Array | undefined> | undefined
}
