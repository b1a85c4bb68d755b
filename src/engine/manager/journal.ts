// What the manager's registry has told, kept in a file: a manager that is killed and started again
// knows everybody it knew. Times are not kept: nobody could keep alive while it was away, so each is
// given a whole new one.

import type { Registry } from '../../core/manager/registry.js'
import { type PeerRecord, parseRecord } from '../../core/wire/manager.js'
import { AppendLog } from '../../io/registry/append-log.js'
import { nowMicros } from '../drive.js'

/** The file is written anew when it has so many bytes, and four times what it would have then. */
const REWRITE_BYTES = 4 * 2 ** 20

/** Where entries are kept outside of the process. */
export interface RegistryStore {
  /** New or changed, or only `renewed`. */
  keep(record: PeerRecord, renewed: boolean): void
  /** It has left, or only `expired` here. */
  drop(record: PeerRecord, expired: boolean): void
  close(): Promise<void>
}

export class Journal implements RegistryStore {
  readonly #log: AppendLog
  readonly #live: () => Iterable<PeerRecord>
  readonly #onTrouble: (error: unknown) => void
  #rewriteAt = REWRITE_BYTES
  #isBroken = false

  private constructor(
    log: AppendLog,
    live: () => Iterable<PeerRecord>,
    onTrouble: (error: unknown) => void,
  ) {
    this.#log = log
    this.#live = live
    this.#onTrouble = onTrouble
  }

  /** Opens it and gives the registry what it has. Rejects with the system's error. */
  static async open(
    path: string,
    registry: Registry,
    onTrouble: (error: unknown) => void,
  ): Promise<Journal> {
    const { log, lines } = await AppendLog.open(path)
    const records = new Map<string, PeerRecord>()
    for (const line of lines) replay(line, records)
    const now = nowMicros()
    for (const record of records.values()) registry.learn(record, now)
    const live = function* (): Iterable<PeerRecord> {
      for (const { record } of registry.records(nowMicros())) yield record
    }
    const journal = new Journal(log, live, onTrouble)
    journal.#rewrite()
    return journal
  }

  keep(record: PeerRecord, renewed: boolean): void {
    if (!renewed) this.#append({ keep: record })
  }

  drop({ cookie }: PeerRecord): void {
    this.#append({ drop: cookie })
  }

  async close(): Promise<void> {
    this.#log.close()
  }

  #append(what: object): void {
    this.#try(() => {
      this.#log.append(JSON.stringify(what))
      if (this.#log.bytes >= this.#rewriteAt) this.#rewrite()
    })
  }

  #rewrite(): void {
    this.#rewriteAt = Number.POSITIVE_INFINITY
    const lineOf = (record: PeerRecord): string => JSON.stringify({ keep: record })
    this.#log.rewrite([...this.#live()], lineOf).then(
      () => {
        this.#rewriteAt = Math.max(REWRITE_BYTES, 4 * this.#log.bytes)
      },
      error => {
        this.#rewriteAt = this.#log.bytes + REWRITE_BYTES
        this.#onTrouble(error)
      },
    )
  }

  /** A full disk is said once, until something could be written again. */
  #try(write: () => void): void {
    try {
      write()
      this.#isBroken = false
    } catch (error) {
      if (!this.#isBroken) this.#onTrouble(error)
      this.#isBroken = true
    }
  }
}

function replay(line: string, records: Map<string, PeerRecord>): void {
  try {
    const { keep, drop } = JSON.parse(line) as { keep?: unknown; drop?: unknown }
    const record = parseRecord(keep)
    if (record) records.set(record.cookie, record)
    if (typeof drop === 'string') records.delete(drop)
  } catch {
    // Blank, or cut short by a crash.
  }
}
