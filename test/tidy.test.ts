// The law of the house, enforced: who may import whom, how long things may be, what the cores may
// not say. A rule that nobody checks is a wish. The table itself is tidy/law.ts.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { expect, it } from 'vitest'
import { repositoryRoot } from './lab/root.js'
import * as law from './tidy/law.js'
import { blank, bodiesOf, type Import, importsOf } from './tidy/source.js'

const maxFileLines = 500
const maxFunctionLines = 60
const minProseChars = 60

interface Source {
  readonly path: string
  readonly text: string
  readonly imports: readonly (Import & { readonly target: string | undefined })[]
}

const read = (path: string) => readFileSync(join(repositoryRoot, path), 'utf8')

function walk(folder: string): string[] {
  return readdirSync(join(repositoryRoot, folder), { withFileTypes: true }).flatMap(entry => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return entry.name === 'results' ? [] : walk(path)
    return /\.(ts|mjs|sh)$/.test(entry.name) ? [path] : []
  })
}

/** The file that a relative import means, or undefined for a package. */
function targetOf(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined
  return posix.join(dirname(from), specifier).replace(/\.js$/, '.ts')
}

const sources: Source[] = ['src', 'test', 'bench'].flatMap(walk).map(path => {
  const text = read(path)
  const scripts = path.endsWith('.sh') ? [] : importsOf(text)
  const imports = scripts.map(found => ({ ...found, target: targetOf(path, found.specifier) }))
  return { path, text, imports }
})
const byPath = new Map(sources.map(source => [source.path, source]))
const product = sources.filter(({ path }) => path.startsWith('src/'))
const code = sources.filter(({ path }) => !path.endsWith('.sh'))

const manifest = JSON.parse(read('package.json')) as { name: string } & Record<
  'dependencies' | 'optionalDependencies' | 'devDependencies' | 'scripts',
  Record<string, string>
>
const runtimeNames = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })
const allNames = [...runtimeNames, ...Object.keys(manifest.devDependencies)]

/** `@scope/name/deep` → `@scope/name`. */
function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

it('every import in src obeys the import law', () => {
  const crimes = product.flatMap(({ path, imports }) => {
    const room = law.roomOf(path)
    const knows = law.rulesOf(room)
    if (!knows) return [`${path}: no room of the house is called ${room}`]
    return imports.flatMap(found => {
      const where = `${path}:${found.line}`
      const name = found.specifier
      if (law.buildScripts.includes(path) && allNames.includes(packageOf(name))) return []
      if (found.target === undefined) return packageCrime(where, name, knows)
      if (!byPath.has(found.target)) return [`${where}: ${name} does not exist`]
      const other = law.roomOf(found.target)
      if (other === room || law.allows(knows.values, other)) return []
      if (found.typeOnly && law.allows(knows.types, other)) return []
      return [`${where}: ${room} may not import ${found.typeOnly ? 'types' : 'values'} of ${other}`]
    })
  })
  expect(crimes).toEqual([])
})

function packageCrime(where: string, name: string, knows: law.Knows): string[] {
  if (knows.packages !== undefined) {
    return knows.packages.includes(packageOf(name)) ? [] : [`${where}: may not import ${name}`]
  }
  if (name.startsWith('node:') || runtimeNames.includes(packageOf(name))) return []
  return [`${where}: ${name} is no dependency`]
}

it('no file imports itself by a detour', () => {
  const cycles: string[] = []
  const state = new Map<string, 'open' | 'done'>()
  const visit = (path: string, trail: readonly string[]) => {
    if (state.get(path) === 'done') return
    if (state.get(path) === 'open') {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '))
      return
    }
    state.set(path, 'open')
    for (const { target } of byPath.get(path)?.imports ?? []) {
      if (target) visit(target, [...trail, path])
    }
    state.set(path, 'done')
  }
  for (const { path } of sources) visit(path, [])
  expect(cycles).toEqual([])
})

it('the cores know no clock, no luck and no world', () => {
  const crimes = product
    .filter(({ path }) => path.startsWith('src/core/') || path === 'src/ports.ts')
    .flatMap(({ path, text }) => {
      const pure = blank(text)
      return [...pure.matchAll(law.bannedInCore)].map(
        match => `${path}:${pure.slice(0, match.index).split('\n').length}: ${match[0]}`,
      )
    })
  expect(crimes).toEqual([])
})

it('files and functions stay short', () => {
  const crimes = sources.flatMap(({ path, text }) => {
    const lines = text.split('\n').length - 1
    const long = lines > maxFileLines ? [`${path} has ${lines} lines`] : []
    if (path.endsWith('.sh')) return long
    const bodies = bodiesOf(text).filter(
      // A suite is a list of tests: each of those counts, the list does not.
      ({ lines, head }) => lines > maxFunctionLines && !/^(describe|skipUnless)\b/.test(head),
    )
    return [...long, ...bodies.map(b => `${path}:${b.line} runs for ${b.lines} lines: ${b.head}`)]
  })
  expect(crimes).toEqual([])
})

it('nothing is left for later, and no test silences the others', () => {
  const later = new RegExp(`\\b(${['TO', 'FIX', 'HA'].join('|')})(DO|ME|CK)\\b`)
  const crimes = sources.flatMap(({ path, text }) => [
    ...(later.test(text) ? [`${path}: ${later.exec(text)?.[0]}`] : []),
    ...(path.endsWith('.ts') && /\b(it|test|describe)\.only\b/.test(blank(text)) ? [path] : []),
  ])
  expect(crimes).toEqual([])
})

it('every file is named after a noun and begins with what it is', () => {
  const crimes = sources.flatMap(({ path, text }) => {
    const vague = /(^|\/)(utils?|helpers?|common|misc)(\/|\.|$)/.test(path)
    const opening = /^(?:#!.*\n)?((?:(?:\/\/|#).*\n)+|\/\*\*?[\s\S]*?\*\/)/.exec(text)?.[1] ?? ''
    const prose = opening.replace(/[^\p{L}\p{N} ]/gu, '').trim()
    return [
      ...(vague ? [`${path}: a name that says nothing`] : []),
      ...(prose.length < minProseChars && !path.endsWith('.test.ts')
        ? [`${path}: begins without saying what it is`]
        : []),
    ]
  })
  expect(crimes).toEqual([])
})

it('no file is dead', () => {
  const reach = (starts: readonly string[]) => {
    const seen = new Set<string>()
    const open = [...starts]
    for (let path = open.pop(); path !== undefined; path = open.pop()) {
      if (seen.has(path)) continue
      seen.add(path)
      for (const { target } of byPath.get(path)?.imports ?? []) if (target) open.push(target)
    }
    return seen
  }
  // What only a test uses is no part of the product.
  const living = reach(law.entryPoints)
  const tests = sources.map(({ path }) => path).filter(path => path.endsWith('.test.ts'))
  const tried = reach([...law.entryPoints, ...tests])
  const dead = code
    .filter(({ path }) => path.endsWith('.ts'))
    .filter(({ path }) => !(path.startsWith('src/') ? living : tried).has(path))
  expect(dead.map(({ path }) => path)).toEqual([])
  expect(law.entryPoints.filter(path => !byPath.has(path))).toEqual([])
})

it('each dependency is used, declared and explained', () => {
  const importedBy = (files: readonly Source[]) =>
    new Set(files.flatMap(({ imports }) => imports.map(found => packageOf(found.specifier))))
  const inProduct = importedBy(product)
  const anywhere = importedBy(code)
  const scripts = Object.values(manifest.scripts).join('\n')
  const idle = allNames.filter(name => {
    if (runtimeNames.includes(name)) return !inProduct.has(name)
    const command = law.usedAsCommand[name]
    return !anywhere.has(name) && command !== 'types' && !(command && scripts.includes(command))
  })
  expect(idle).toEqual([])

  const foreign = [...anywhere].filter(name => !name.startsWith('.') && !name.startsWith('node:'))
  expect(foreign.filter(name => !allNames.includes(name) && name !== manifest.name)).toEqual([])

  expect(existsSync(join(repositoryRoot, 'ARCHITECTURE.md'))).toBe(true)
  const map = read('ARCHITECTURE.md')
  expect(allNames.filter(name => !map.includes(name))).toEqual([])
})

it('nothing unexpected lies at the top', () => {
  const built = new Set(['.git', 'dist', 'node_modules', 'prebuilds'])
  const found = readdirSync(repositoryRoot).filter(name => !built.has(name))
  expect(found.filter(name => !law.topLevel.has(name))).toEqual([])
})
