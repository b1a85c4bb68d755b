// A small filesystem of a test's own, which can be full, read-only or broken: a tmpfs, or an ext4 in a
// file whose end can be taken away, so that reading there fails as on a dying disk.

import { execFileSync, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  rmdirSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const imageBytes = 16 * 2 ** 20

export class Volume {
  readonly path: string
  #mounted = false

  private constructor(path: string) {
    this.path = path
    mkdirSync(path, { recursive: true })
  }

  /** Why there can be none here, or undefined. */
  static available(): string | undefined {
    if (process.platform !== 'linux' || process.getuid?.() !== 0)
      return 'filesystems of a test’s own need root on Linux'
    const folder = mkdtempSync(join(tmpdir(), 'mcp2p-mount-'))
    const tried = spawnSync('mount', ['-t', 'tmpfs', 'none', folder])
    if (tried.status === 0) run('umount', folder)
    rmdirSync(folder)
    return tried.status === 0 ? undefined : 'this machine mounts nothing'
  }

  /** Why there can be none that breaks, or undefined. */
  static breakable(): string | undefined {
    const tools = ['losetup', 'mkfs.ext4'].filter(tool => spawnSync(tool, ['-V']).error)
    if (tools.length > 0) return `an ext4 in a file needs ${tools.join(' and ')}`
    const why = Volume.available()
    if (why !== undefined) return why
    return spawnSync('losetup', ['-f']).status === 0 ? undefined : 'there is no loop device'
  }

  /** Empty, in memory, of this size. */
  static memory(path: string, sizeBytes: number): Volume {
    const volume = new Volume(path)
    run('mount', '-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'none', path)
    volume.#mounted = true
    return volume
  }

  /** An empty ext4 of 16 MiB in the file `<path>.img`. */
  static disk(path: string): Volume {
    const volume = new Volume(path)
    writeFileSync(`${path}.img`, '')
    truncateSync(`${path}.img`, imageBytes)
    run('mkfs.ext4', '-q', '-O', '^has_journal', '-m', '0', `${path}.img`)
    volume.#mount(`${path}.img`)
    return volume
  }

  readOnly(is: boolean): void {
    run('mount', '-o', `remount,${is ? 'ro' : 'rw'}`, this.path)
  }

  /**
   * Takes the last bytes of the disk away: reading there is an input/output error from now on. It is
   * another disk of the same content, since the cache of the first lives as long as any process that
   * saw it mounted; and what was written is in its file only once it was synchronised, for then the
   * end of the mount writes nothing either.
   */
  break(keepBytes: number): void {
    run('sync', '-f', this.path)
    this.close()
    const broken = `${this.path}.broken`
    copyFileSync(`${this.path}.img`, broken)
    this.#mount(broken)
    truncateSync(broken, keepBytes)
  }

  mend(): void {
    this.close()
    this.#mount(`${this.path}.img`)
  }

  close(): void {
    if (this.#mounted) run('umount', '-l', this.path)
    this.#mounted = false
  }

  #mount(image: string): void {
    // The loop device goes with the mount.
    run('mount', '-o', 'loop', image, this.path)
    this.#mounted = true
  }
}

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] })
}
