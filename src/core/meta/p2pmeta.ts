// The `.p2pmeta`: what a swarm shares, in one JSON document. Everything that joins a swarm comes
// through `parseMeta`, which believes nothing: the id is the hash of the document itself, so a meta
// that was damaged or forged on its way never gets further than this file.

import type { Hasher, HashName } from '../../ports.js'
import { base64Of, concat, hexOf, textOf, utf8 } from '../base/bytes.js'
import { parseEndpoint } from '../base/endpoint.js'
import { Mcp2pError } from '../base/errors.js'
import { BLOCK_BYTES, LIMITS } from '../base/limits.js'
import { DIGEST_BYTES } from '../base/merkle.js'
import { canonicalOf, type Shape, shapeOf } from './canonical.js'
import { fileTrouble, type MetaFile, parseFile } from './entry.js'
import { isDisplayName, PathOrder, shownPath } from './names.js'

export type { MetaFile } from './entry.js'

export interface P2pMeta {
  readonly version: 1
  readonly hash: HashName
  /** 64 lower-case hex digits. */
  readonly id: string
  /** For display only. */
  readonly name: string
  /** Swarm managers, `host:port`, in order. */
  readonly managers: readonly string[]
  /** Bytes of a chunk, a power of two. */
  readonly chunkSize: number
  /** In byte order of path components. */
  readonly files: readonly MetaFile[]
}

export type MetaDraft = Omit<P2pMeta, 'version' | 'id'>

/** Files and links, as people count them: folders stand in a meta for their modes alone. */
export function fileCountOf({ files }: P2pMeta): number {
  return files.reduce((count, { dir }) => (dir ? count : count + 1), 0)
}

const VERSION = 1
const OMITTED: ReadonlySet<string> = new Set(['id', 'signature'])
/** Of a document that is written: a million files are not made strings all at once. */
const LINES_AT_ONCE = 4096
const HASHES: readonly string[] = ['sha256', 'blake3'] satisfies HashName[]

/**
 * Reads and checks a `.p2pmeta`. `sha256` is that hash, whatever the meta's own hash is. Roots of
 * files are compared with their chunks' roots by `MetaTree`, which has the meta's hash.
 *
 * Throws `Mcp2pError` of exit `integrity` (damaged, forged, unsafe content) or `incompatible` (a
 * version, hash or required feature that is not known here).
 */
export function parseMeta(bytes: Uint8Array, sha256: Hasher): P2pMeta {
  const { document, shape } = parseDocument(bytes)
  if (typeof document.version !== 'number' || !Number.isInteger(document.version))
    throw corrupt('it is no .p2pmeta: there is no version')
  if (document.version !== VERSION) throw incompatible(`version ${document.version}`)
  checkId(document, shape, sha256)
  checkRequires(document.requires)
  const { hash, name, managers, chunkSize } = document
  if (typeof hash !== 'string') throw invalid('there is no hash type')
  if (!HASHES.includes(hash)) throw incompatible(`hash type ${JSON.stringify(hash.slice(0, 40))}`)
  const meta = {
    version: VERSION,
    hash: hash as HashName,
    id: document.id as string,
    ...checkHead(name, managers, chunkSize, invalid),
    files: parseFiles(document.files, chunkSize as number),
  } as const
  checkTotals(meta.files, invalid)
  return meta
}

/**
 * Throws `Mcp2pError` of exit `usage` for what a meta cannot hold: names, sizes, links, managers.
 * Roots are not looked at, so that this can be asked before anything is hashed.
 */
export function checkDraft(draft: MetaDraft): void {
  checkHead(draft.name, draft.managers, draft.chunkSize, unfit)
  checkTotals(draft.files, unfit)
  const order = new PathOrder()
  for (const file of draft.files) {
    const trouble = fileTrouble(file, order)
    if (trouble !== undefined) throw unfit(`${shownPath(file.path)} ${trouble}`)
  }
}

/**
 * Makes a meta of what was scanned and hashed, and the document that stands for it.
 * Throws as `checkDraft` does, and when the document would be too large.
 */
export function buildMeta(draft: MetaDraft, sha256: Hasher): { meta: P2pMeta; bytes: Uint8Array } {
  checkDraft(draft)
  const { hash, name, managers, chunkSize } = draft
  const head = { version: VERSION, hash, name, managers, chunkSize } as const
  const { id } = idOf({ ...head, files: documentsOf(draft.files) }, sha256)
  const bytes = concat(linesOf({ id, ...head }, draft.files))
  if (bytes.length > LIMITS.metaBytesMax) throw unfit('there are too many files')
  return { meta: { ...head, id, files: draft.files }, bytes }
}

/**
 * The chunk size that gives at most 32 Ki chunks beyond one per file, where 16 MiB suffice; never
 * below 1 MiB: the smaller the chunk, the more of a line goes to layers and to the meta.
 */
export function chunkSizeFor(totalBytes: number): number {
  let sizeBytes: number = LIMITS.chunkBytesChosenMin
  while (sizeBytes < LIMITS.chunkBytesMax && totalBytes / sizeBytes > LIMITS.chunksWanted)
    sizeBytes *= 2
  return sizeBytes
}

/**
 * Whether these bytes are the very document that `id` names. If they are and `parseMeta` refuses
 * them, nobody has a better one; if they are not, whoever gave them was wrong and others may be right.
 */
export function isDocumentOf(id: string, bytes: Uint8Array, sha256: Hasher): boolean {
  try {
    const { document, shape } = parseDocument(bytes)
    checkId(document, shape, sha256)
    return document.id === id
  } catch (error) {
    if (error instanceof Mcp2pError) return false
    throw error
  }
}

type Fail = (what: string) => Mcp2pError

function parseDocument(bytes: Uint8Array): { document: Record<string, unknown>; shape: Shape } {
  if (bytes.length > LIMITS.metaBytesMax) throw corrupt('it is too large')
  const text = textOf(bytes)
  if (text === undefined) throw corrupt('it is not UTF-8')
  const shape = shapeOf(text)
  if (shape.isTooDeep) throw corrupt('it is nested too deeply')
  if (shape.values > LIMITS.metaValuesMax) throw corrupt('it has too many values')
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (cause) {
    throw corrupt('it is not JSON', cause)
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw corrupt('it is no JSON object')
  return { document: document as Record<string, unknown>, shape }
}

function checkId(document: Record<string, unknown>, shape: Shape, sha256: Hasher): void {
  if (typeof document.id !== 'string' || !/^[0-9a-f]{64}$/.test(document.id))
    throw corrupt('there is no id')
  let actual: { id: string; keyCount: number }
  try {
    actual = idOf(document, sha256)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw corrupt(cause.message, cause)
  }
  // JSON.parse keeps the last of two equal keys, other readers the first: neither is right.
  if (actual.keyCount !== shape.keys) throw corrupt('a key stands there twice')
  if (actual.id !== document.id) throw corrupt('its id is not the hash of its content')
}

function idOf(document: object, sha256: Hasher): { id: string; keyCount: number } {
  const { bytes, keyCount } = canonicalOf(document, OMITTED)
  return { id: hexOf(sha256(bytes)), keyCount }
}

/** This version knows no features that a meta could require. */
function checkRequires(requires: unknown): void {
  if (requires === undefined) return
  if (!Array.isArray(requires) || requires.some(feature => typeof feature !== 'string'))
    throw invalid('what it requires is no list of names')
  if (requires.length > 0)
    throw incompatible(`the feature ${JSON.stringify(requires[0].slice(0, 40))}`)
}

function checkHead(
  name: unknown,
  managers: unknown,
  chunkSize: unknown,
  fail: Fail,
): { name: string; managers: string[]; chunkSize: number } {
  if (typeof name !== 'string' || !isDisplayName(name)) throw fail('its name cannot be displayed')
  if (!Array.isArray(managers) || managers.length > LIMITS.metaManagersMax)
    throw fail(`its managers are no list of at most ${LIMITS.metaManagersMax}`)
  const odd = managers.find(one => typeof one !== 'string' || parseEndpoint(one) === undefined)
  if (odd !== undefined)
    throw fail(`the manager ${JSON.stringify(odd).slice(0, 80)} is not host:port`)
  if (
    typeof chunkSize !== 'number' ||
    !(chunkSize >= LIMITS.chunkBytesMin && chunkSize <= LIMITS.chunkBytesMax) ||
    !Number.isInteger(Math.log2(chunkSize))
  )
    throw fail('its chunk size is not a power of two between 16 KiB and 16 MiB')
  return { name, managers, chunkSize }
}

function parseFiles(files: unknown, chunkSize: number): MetaFile[] {
  if (!Array.isArray(files) || files.length === 0) throw invalid('it has no files')
  if (files.length > LIMITS.metaFilesMax) throw invalid('it has too many files')
  const order = new PathOrder()
  const roots = new Uint8Array(DIGEST_BYTES * files.length)
  return files.map((entry, index) => {
    const file = parseFile(entry, index, chunkSize, order, roots)
    if (typeof file === 'string') throw invalid(file)
    return file
  })
}

function checkTotals(files: readonly MetaFile[], fail: Fail): void {
  if (files.length === 0) throw fail('it has no files')
  if (files.length > LIMITS.metaFilesMax) throw fail('it has too many files')
  let totalBytes = 0
  let blocks = 0
  for (const file of files) {
    totalBytes += file.size
    blocks += Math.ceil(file.size / BLOCK_BYTES)
  }
  if (!Number.isSafeInteger(totalBytes)) throw fail('its sizes add up to too much')
  if (blocks > LIMITS.blocksMax) throw fail('it has more than 64 TiB')
}

/** An entry as it stands in the document. */
/** One line for the head and one per file: `less`, `grep` and `diff` are readers too. */
function* linesOf(head: object, files: readonly MetaFile[]): Iterable<Uint8Array> {
  yield utf8(`${JSON.stringify({ ...head, files: [] }).slice(0, -2)}\n`)
  for (let from = 0; from < files.length; from += LINES_AT_ONCE) {
    const some = files.slice(from, from + LINES_AT_ONCE)
    const lines = some.map(file => JSON.stringify(documentOf(file))).join(',\n')
    yield utf8(from === 0 ? lines : `,\n${lines}`)
  }
  yield utf8('\n]}\n')
}

function* documentsOf(files: readonly MetaFile[]): Iterable<Record<string, unknown>> {
  for (const file of files) yield documentOf(file)
}

function documentOf(file: MetaFile): Record<string, unknown> {
  const { path, size, mode, mtime, root, chunks, link, dir } = file
  const entry: Record<string, unknown> = { path, size, mode, mtime }
  if (root !== undefined) entry.root = base64Of(root)
  if (chunks !== undefined) entry.chunks = base64Of(chunks)
  if (link !== undefined) entry.link = link
  if (dir !== undefined) entry.dir = dir
  return entry
}

function corrupt(why: string, cause?: unknown): Mcp2pError {
  return new Mcp2pError(
    'META_CORRUPT',
    'integrity',
    `the .p2pmeta is damaged: ${why}`,
    'Get it again from where it came.',
    cause,
  )
}

function invalid(why: string): Mcp2pError {
  return new Mcp2pError(
    'META_INVALID',
    'integrity',
    `the .p2pmeta is refused: ${why}`,
    'Whoever made it has to make it again; do not trust this one.',
  )
}

function incompatible(what: string): Mcp2pError {
  return new Mcp2pError(
    'META_INCOMPATIBLE',
    'incompatible',
    `the .p2pmeta needs ${what}, which this version of mcp2p does not know`,
    'Install a newer mcp2p.',
  )
}

function unfit(why: string): Mcp2pError {
  return new Mcp2pError(
    'META_UNFIT',
    'usage',
    `no .p2pmeta can be made: ${why}`,
    'Rename it, leave it out, or split what you send.',
  )
}
