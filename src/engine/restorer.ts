// Makes the symbols of the blast that are missing from those that came and the rows of parity.

import { ReedSolomon } from '../core/fec/reed-solomon.js'
import type { Recover } from '../core/session/recovery.js'
import { fecKernel } from '../io/native/fec.js'

export class Restorer {
  #code: ReedSolomon | undefined

  /** All positions are in the pool. */
  restore({ here, rows, rowsAt, missing, symbolBytes }: Recover, pool: Uint8Array): void {
    // Most transfers never need it.
    this.#code ??= new ReedSolomon(fecKernel())
    const erasures = {
      columns: here.columns,
      data: { slab: pool, at: here.at, bytes: here.bytes },
      rows,
      parity: { slab: pool, at: rowsAt },
      missing: missing.columns,
      restored: { slab: pool, at: missing.at, bytes: missing.bytes },
    }
    this.#code.decode(erasures, symbolBytes)
  }
}
