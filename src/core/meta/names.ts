// Which names a meta may hold. A meta comes from a stranger and its paths end up in open() on
// Linux, macOS and Windows, so a path is refused when it is unsafe on any of them, and two paths
// are refused together when they would be one file on any of them. Names that are merely awkward
// (blanks, colons inside, a dot at the end) are let through: real trees have them.

import { utf8 } from '../base/bytes.js'
import { LIMITS } from '../base/limits.js'

/** Controls (they rewrite terminals), line separators, marks that turn text around, half pairs. */
const UNSEEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u
/** Characters without any picture of their own: joiners, soft hyphens, variants. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/gu
/** Components that are empty, or nothing but dots and blanks: Windows strips those at the end. */
const HOLLOW = /(?:^|\/)[. ]*(?:\/|$)/
/** Windows opens a device under these names, in any folder and with any extension. */
const DEVICE =
  /(?:^|\/)(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[1-9¹²³]) *(?:[.:][^/]*)?(?:\/|$)/i
/** What Windows cuts off a component. */
const TRAILING = /[. ]+(?=\/|$)/g
/** The receiver keeps unfinished parts in a folder of this name. */
const RESERVED = /^\.mcp2p-/i
/** A later component counts too: whoever joins paths on Windows may begin anew at it. */
const DRIVE = /(?:^|\/)[a-z]:/i

/** Why this path may not stand in a meta, as words that follow the path; undefined when it may. */
export function pathTrouble(path: string): string | undefined {
  if (path === '') return 'is empty'
  if (UNSEEN.test(path)) return 'has control or text direction characters'
  if (path.includes('\\')) return 'has a backslash'
  // Some filesystems pass over what is invisible, and so do people.
  const seen = path.replace(INVISIBLE, '')
  if (seen.startsWith('/') || DRIVE.test(seen)) return 'is absolute or has the name of a drive'
  if (HOLLOW.test(seen)) return 'has a component that is empty or only dots and blanks'
  if (DEVICE.test(seen)) return 'is the name of a device on Windows'
  if (RESERVED.test(seen)) return 'is a name kept for unfinished downloads'
  return lengthTrouble(path)
}

function lengthTrouble(path: string): string | undefined {
  // A UTF-16 unit is at most three bytes, so short paths need no counting.
  if (path.length * 3 <= LIMITS.metaNameBytesMax && path.length <= LIMITS.metaDepthMax) return
  if (utf8(path).length > LIMITS.metaPathBytesMax) return 'is too long'
  const names = path.split('/')
  if (names.length > LIMITS.metaDepthMax) return 'is nested too deeply'
  if (names.some(name => utf8(name).length > LIMITS.metaNameBytesMax))
    return 'has a component that is too long'
  return undefined
}

/** True for what can be shown to people: 1…255 bytes, some visible, no controls or direction marks. */
export function isDisplayName(name: string): boolean {
  const seen = name.replace(INVISIBLE, '')
  return seen !== '' && !UNSEEN.test(name) && utf8(name).length <= LIMITS.metaNameBytesMax
}

/**
 * Why the symlink at `path` may not point to `target`. It must stay below the folder that the
 * paths are relative to, and `..` may only stand at its beginning: a `..` behind a name could
 * leave by way of another link of the same tree, although it looks harmless when read.
 */
export function linkTrouble(path: string, target: string): string | undefined {
  if (target === '') return 'is a link to nothing'
  if (UNSEEN.test(target)) return 'is a link with control or text direction characters'
  if (target.includes('\\')) return 'is a link with a backslash'
  if (utf8(target).length > LIMITS.metaPathBytesMax) return 'is a link that is too long'
  const seen = target.replace(INVISIBLE, '')
  if (seen.startsWith('/') || DRIVE.test(seen)) return 'is an absolute link or names a drive'
  let up = 0
  let descended = false
  for (const name of seen.split('/')) {
    if (name === '' || name === '.') continue
    if (name !== '..') descended = true
    else if (descended) return 'is a link with .. behind a name'
    else up++
  }
  return up > path.split('/').length - 1 ? 'is a link that leaves the tree' : undefined
}

/** Byte order of path components: by code point, `/` before everything. */
export function comparePaths(a: string, b: string): number {
  const shared = sharedUnits(a, b)
  return rank(a, shared) - rank(b, shared)
}

function sharedUnits(a: string, b: string): number {
  const end = Math.min(a.length, b.length)
  let at = 0
  while (at < end && a.charCodeAt(at) === b.charCodeAt(at)) at++
  return at
}

/** Order of a UTF-16 unit in UTF-8: pairs, although D800…DFFF, come after E000…FFFF. */
function rank(text: string, at: number): number {
  if (at === text.length) return -2
  const unit = text.charCodeAt(at)
  if (unit === 0x2f) return -1
  return unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}

/**
 * Paths with one fold would be one file where case, Unicode forms, invisible characters or trailing
 * dots don't count, or cannot be told apart by who reads them.
 */
export function foldPath(path: string): string {
  if (/^[\x20-\x7e]*$/.test(path)) return path.replace(TRAILING, '').toLowerCase()
  const seen = path.normalize('NFD').replace(INVISIBLE, '').replace(TRAILING, '')
  return seen.toUpperCase().toLowerCase().normalize('NFD')
}

/** Takes the paths of a meta one by one, in order, and says what is wrong between them. */
export class PathOrder {
  #last = ''
  /** The last path is a file or link, so nothing may lie below it. */
  #isLeaf = false
  /** What each fold was first written as. */
  readonly #folds = new Map<string, string>()

  /** Why `path`, itself free of trouble, cannot follow the paths so far. */
  add(path: string, isLeaf: boolean): string | undefined {
    const last = this.#last
    const shared = sharedUnits(last, path)
    if (last !== '' && rank(last, shared) >= rank(path, shared))
      return last === path ? 'stands there twice' : 'is not in byte order'
    const isBelow = last !== '' && shared === last.length && path.charCodeAt(shared) === 0x2f
    if (isBelow && this.#isLeaf) return 'lies below a file or link'
    // Folders that the last path does not lie in are new, and so is the path itself.
    let slash = path.indexOf('/', isBelow ? shared + 1 : shared)
    for (; slash >= 0; slash = path.indexOf('/', slash + 1)) {
      const folder = path.slice(0, slash)
      const other = this.#remember(folder)
      if (other !== undefined) return `lies in ${shownPath(folder)}, which ${sameAs(other)}`
    }
    const other = this.#remember(path)
    if (other !== undefined) return sameAs(other)
    this.#last = path
    this.#isLeaf = isLeaf
    return undefined
  }

  /** The earlier path that some systems could not tell from this one, if there is one. */
  #remember(path: string): string | undefined {
    const fold = foldPath(path)
    const other = this.#folds.get(fold)
    if (other === undefined) this.#folds.set(fold, path)
    return other
  }
}

function sameAs(other: string): string {
  return `differs from ${shownPath(other)} only by case, Unicode form or what is invisible, which some systems cannot keep`
}

/** A path as it may stand in a message: quoted, without anything that a terminal obeys or hides. */
export function shownPath(path: string): string {
  const short = path.length > 200 ? `${path.slice(0, 200)}…` : path
  return JSON.stringify(short).replace(
    /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}]/gu,
    mark => `\\u${mark.codePointAt(0)!.toString(16).padStart(4, '0')}`,
  )
}
