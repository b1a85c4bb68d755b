// What a figure needs to mean something later: the machine, the versions, the commit, the date.
// Results are kept as JSON in bench/results, from which the README's tables are made.

import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { repositoryRoot } from '../test/lab/root.js'

export interface Circumstances {
  readonly date: string
  /** Of the repository; `+` when files differed from it. */
  readonly commit: string
  readonly machine: { cpu: string; cores: number; memoryBytes: number; kernel: string }
  readonly versions: Readonly<Record<string, string>>
}

/** The median; of an even count the mean of the middle two. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** First line that a command prints, or undefined when it is not installed. */
export function firstLine(command: string, ...args: string[]): string | undefined {
  try {
    const text = execFileSync(command, args, {
      cwd: repositoryRoot,
      encoding: 'utf8',
      stdio: 'pipe',
    })
    return text.trim().split('\n')[0]
  } catch (error) {
    const { code, stdout, stderr } = error as NodeJS.ErrnoException & Record<string, string>
    if (code === 'ENOENT') return undefined
    return `${stdout ?? ''}${stderr ?? ''}`.trim().split('\n')[0]
  }
}

export function circumstances(versions: Readonly<Record<string, string>> = {}): Circumstances {
  const manifest = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8'))
  const processors = cpus()
  // What was measured before it says nothing of the code.
  const code = ['.', ':!bench/results']
  const changed = firstLine('git', 'status', '--porcelain', '--untracked-files=no', '--', ...code)
  return {
    date: new Date().toISOString(),
    commit: `${firstLine('git', 'rev-parse', '--short=12', 'HEAD') ?? 'unknown'}${changed ? '+' : ''}`,
    machine: {
      cpu: processors[0]?.model ?? 'unknown',
      cores: processors.length,
      memoryBytes: totalmem(),
      kernel: release(),
    },
    versions: { node: process.version, mcp2p: manifest.version, ...versions },
  }
}

/** Writes bench/results/NAME.json and returns its path from the repository. */
export function save(name: string, result: object): string {
  const path = join('bench/results', `${name}.json`)
  mkdirSync(join(repositoryRoot, 'bench/results'), { recursive: true })
  writeFileSync(join(repositoryRoot, path), `${JSON.stringify(result, null, 2)}\n`)
  return path
}
