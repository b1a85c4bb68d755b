// Watches a transfer for silence: when multicast has brought nothing for 3 s, or the transfer says
// that it gives multicast up, the quick half of the doctor looks why, once, and its line becomes a
// notice. What it needs is loaded only then.

import type { DoctorOptions, MulticastMode, Notice } from '../api.js'
import type { Emit } from '../events.js'

const SILENT_MILLIS = 3000
/** Notices by which a transfer says that multicast brings nothing. */
const GIVEN_UP = new Set(['swarm-only', 'multicast-failed', 'unheard'])

type Watched = Pick<DoctorOptions, 'group' | 'port' | 'dataPort' | 'interface' | 'ttl'> & {
  readonly multicast?: MulticastMode
}

export class Silence<Events extends { notice: Notice }> {
  readonly #options: Watched
  readonly #out: Emit<Events>
  #timer: NodeJS.Timeout | undefined
  #looked = false
  #over = false

  constructor(options: Watched, out: Emit<Events>) {
    this.#options = options
    this.#out = out
  }

  /** Passes an event on, and takes notice of it. */
  readonly emit: Emit<Events> = (type, event) => {
    this.#out(type, event)
    if (type !== 'notice') return
    const { code, level } = event as Notice
    if (level === 'warning' && GIVEN_UP.has(code)) this.#look()
  }

  begin(): void {
    this.#timer = setTimeout(() => this.#look(), SILENT_MILLIS)
  }

  /** Somebody came by multicast. */
  broken(): void {
    clearTimeout(this.#timer)
  }

  end(): void {
    this.#over = true
    clearTimeout(this.#timer)
  }

  async #look(): Promise<void> {
    if (this.#over || this.#looked || this.#options.multicast === 'never') return
    this.#looked = true
    const { group, port, dataPort, interface: chosen, ttl } = this.#options
    const { quickNotice } = await import('./doctor.js')
    const notice = await quickNotice({ group, port, dataPort, interface: chosen, ttl })
    if (notice !== undefined && !this.#over) this.#out('notice', notice as Events['notice'])
  }
}
