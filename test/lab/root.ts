// Where the repository is. Tests run from source, benches compiled below dist/: neither may count
// the levels up to a file that is not compiled, such as a script or a vector.

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

function find(folder: string): string {
  if (existsSync(join(folder, 'package-lock.json'))) return folder
  const above = dirname(folder)
  if (above === folder) throw new Error(`no repository above ${import.meta.dirname}`)
  return find(above)
}

/** Absolute path of the repository. */
export const repositoryRoot = find(import.meta.dirname)
