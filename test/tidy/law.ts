// The law of the house as data: which room may know which. A room is a folder of src/core, src/io
// or src/app, the engine, the doorway (ports) and the public barrel (index). Whoever wants to know
// how the code hangs together reads this table.

/** What a room may import beside itself: `values` at run time, `types` only for the compiler. */
export interface Knows {
  readonly values: readonly string[]
  readonly types: readonly string[]
  /** Packages; unnamed means any declared dependency and any node:* module. */
  readonly packages?: readonly string[]
}

const pure = (...rooms: string[]): Knows => ({
  values: rooms.map(room => `core/${room}`),
  types: ['ports'],
  packages: [],
})

const shell: Knows = { values: ['core/base', 'io/native'], types: ['ports', 'core/*'] }

export const law: Readonly<Record<string, Knows>> = {
  'core/base': pure(),
  'core/wire': { ...pure('base'), packages: ['zod'] },
  'core/fec': pure('base'),
  'core/rate': pure('base'),
  'core/meta': { ...pure('base', 'wire'), packages: ['zod'] },
  'core/multicast': pure('base', 'wire', 'meta', 'fec', 'rate'),
  'core/swarm': pure('base', 'wire', 'meta', 'rate'),
  'core/manager': pure('base', 'wire', 'meta'),
  // Measures paths; knows nothing of transfers.
  'core/bench': { ...pure('base', 'wire'), packages: ['zod'] },
  // The only place that sees both the blast and the swarm.
  'core/session': pure('base', 'wire', 'meta', 'fec', 'rate', 'multicast', 'swarm', 'manager'),
  'core/doctor': { ...pure('base'), packages: ['zod'] },
  ports: { values: [], types: ['core/base'], packages: [] },
  // Frames are parsed where the bytes are.
  'io/net': { ...shell, values: [...shell.values, 'core/wire'] },
  // A code's kernels have their twin in the core.
  'io/native': { ...shell, values: [...shell.values, 'core/fec'] },
  'io/*': shell,
  engine: { values: ['core/*', 'io/*', 'ports'], types: [] },
  'app/cli': { values: ['engine', 'app/*', 'core/base'], types: ['ports', 'index'] },
  'app/*': { values: ['engine', 'core/base'], types: ['ports'] },
  index: { values: ['engine', 'core/base'], types: ['ports', 'core/doctor'] },
}

/** Room of a file below src/, e.g. `core/wire`, `io/disk`, `engine`, `ports`. */
export function roomOf(path: string): string {
  const parts = path
    .replace(/^src\//, '')
    .replace(/\.ts$/, '')
    .split('/')
  return ['core', 'io', 'app'].includes(parts[0]) ? `${parts[0]}/${parts[1]}` : parts[0]
}

export function rulesOf(room: string): Knows | undefined {
  return law[room] ?? law[`${room.split('/')[0]}/*`]
}

export function allows(rooms: readonly string[], room: string): boolean {
  return rooms.some(known => known === room || known === `${room.split('/')[0]}/*`)
}

/** Words that no core may say outside of comments and strings: clock, luck, world. */
export const bannedInCore =
  /(?<![.\w$#])(?:Date|setTimeout|setInterval|setImmediate|queueMicrotask|performance|process|Buffer|globalThis|require|crypto|console|fetch|__dirname)\b(?!\s*[?]?:)|\bMath\s*\.\s*random\b/g

/** What may stand at the top, apart from what is built or installed. */
export const topLevel = new Set([
  '.ci',
  '.gitignore',
  '.npmrc',
  'ARCHITECTURE.md',
  'LICENSE',
  'README.md',
  'bench',
  'biome.json',
  'native-notes',
  'package-lock.json',
  'package.json',
  'src',
  'test',
  'tsconfig.base.json',
  'tsconfig.json',
  'vitest.config.ts',
])

/** Where programs start; every file must be reachable from one of them, or be a test. */
export const entryPoints = [
  'src/index.ts',
  'src/app/cli/main.ts',
  'bench/main.ts',
  'bench/demo/main.ts',
  'test/fuzz/main.ts',
  'test/sim/main.ts',
  'test/lab/skip-reporter.ts',
  'test/lab/forger.ts',
]

/** They run where the package is built, not where it is used: they may import development packages. */
export const buildScripts = ['src/app/cli/bundle.mjs', 'src/io/native/build.mjs']

/** Development packages that are commands or ambient types rather than imports. */
export const usedAsCommand: Readonly<Record<string, string>> = {
  '@biomejs/biome': 'biome',
  '@types/node': 'types',
  'node-api-headers': 'build.mjs',
  typescript: 'tsc',
  vitest: 'vitest',
}
