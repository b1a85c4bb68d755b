// What a caller of the library hands over, looked at before anything begins: plain JavaScript has no
// compiler to say that `rateBps` was a text, and a socket or a timer would say it late and in words
// of its own. One table says what each option may be; a name that is not in it is a slip of the pen.

import { isIpv4, isIpv6, isLocation, isMulticast, parseEndpoint } from '../core/base/endpoint.js'
import { LIMITS } from '../core/base/limits.js'
import type {
  CreateMetaOptions,
  DoctorOptions,
  Link,
  ManageOptions,
  ReceiveOptions,
  SendOptions,
} from './api.js'
import { Budget } from './budget.js'
import { TIMER_MILLIS_MAX } from './drive.js'
import { DEFAULT_PORT } from './place.js'
import {
  bad,
  check,
  demand,
  isObject,
  isWithin,
  type Rule,
  type Rules,
  rate,
  whole,
} from './rules.js'

function oneOf(...choices: readonly unknown[]): Rule {
  const what = `one of ${choices.map(each => JSON.stringify(each)).join(', ')}`
  return { what, holds: value => choices.includes(value) }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !value.includes('\0')
}

const text: Rule = { what: 'a text, not empty and without NUL', holds: isText }
const yesOrNo: Rule = oneOf(true, false)
const port = whole(1, 65_535)
const interval = whole(1, TIMER_MILLIS_MAX)
const wait: Rule = {
  what: 'a number of milliseconds, 0 or more',
  holds: value => isWithin(value, 0, Number.POSITIVE_INFINITY),
}
const group: Rule = {
  what: 'a multicast address like 224.0.67.67 or ff12::4343',
  holds: value => isText(value) && isMulticast(value),
}
const endpoints: Rule = {
  what: 'a list of texts host:port',
  holds: value =>
    Array.isArray(value) && value.every(one => isText(one) && parseEndpoint(one) !== undefined),
}
const signal: Rule = {
  what: 'an AbortSignal',
  holds: value =>
    typeof (value as AbortSignal | null)?.aborted === 'boolean' &&
    typeof (value as AbortSignal).addEventListener === 'function',
}
const META: Rules<CreateMetaOptions> = {
  name: text,
  chunkBytes: {
    what: 'a power of two from 16384 to 16777216',
    holds: value =>
      isWithin(value, LIMITS.chunkBytesMin, LIMITS.chunkBytesMax) &&
      Number.isInteger(Math.log2(value as number)),
  },
  hash: oneOf('sha256', 'blake3'),
  managers: endpoints,
  signal,
  progressEveryMillis: interval,
}

const NETWORK = {
  group,
  port,
  peerPort: port,
  interface: text,
  multicast: oneOf('auto', 'always', 'never'),
  dscp: whole(0, 63),
  budget: {
    what: 'a Budget',
    holds: value => value instanceof Budget,
  } satisfies Rule,
  managers: endpoints,
  location: {
    what: 'names from the widest to the narrowest place, like dc1/rack7',
    holds: value => isText(value) && isLocation(value),
  } satisfies Rule,
  signal,
  progressEveryMillis: interval,
}

const SEND: Rules<SendOptions> = {
  ...NETWORK,
  root: text,
  dataPort: port,
  ttl: whole(0, 255),
  fec: {
    what: `auto or a number from 0 to ${LIMITS.fecPercentMax}`,
    holds: value =>
      value === 'auto' ||
      (typeof value === 'number' && value >= 0 && value <= LIMITS.fecPercentMax),
  },
  rateBps: rate,
  minRateBps: rate,
  maxRateBps: rate,
  uploadBps: rate,
  waitReceivers: whole(1, Number.MAX_SAFE_INTEGER),
  waitMillis: wait,
  start: signal,
  lingerMillis: wait,
  forever: yesOrNo,
  carousel: yesOrNo,
  passes: whole(1, Number.MAX_SAFE_INTEGER),
  durationMillis: wait,
  meta: { what: 'an object of options', holds: isObject },
}

const RECEIVE: Rules<ReceiveOptions> = {
  ...NETWORK,
  out: text,
  peers: endpoints,
  stay: yesOrNo,
  overwrite: yesOrNo,
  downloadBps: rate,
  uploadBps: rate,
  oneWay: yesOrNo,
  noRelay: yesOrNo,
  relayOnly: yesOrNo,
  discard: yesOrNo,
}

const DOCTOR: Rules<DoctorOptions> = {
  group,
  port,
  dataPort: port,
  peerPort: port,
  interface: text,
  ttl: whole(0, 255),
  out: text,
  managers: endpoints,
  peers: endpoints,
  with: {
    what: 'a text host:port',
    holds: value => isText(value) && parseEndpoint(value) !== undefined,
  },
  maxRateBps: whole(1, LIMITS.doctorRateBpsMax),
  holdMillis: whole(0, LIMITS.doctorHoldMillisMax),
  signal,
}

const address: Rule = {
  what: 'an IP address',
  holds: value => isText(value) && (isIpv4(value) || isIpv6(value)),
}

const MANAGE: Rules<ManageOptions> = {
  port,
  bind: address,
  httpHost: address,
  httpPort: port,
  httpToken: {
    what: `a text without blanks, ${LIMITS.httpTokenBytesMax} characters at most`,
    holds: value =>
      isText(value) && /^[!-~]+$/.test(value) && value.length <= LIMITS.httpTokenBytesMax,
  },
  state: text,
  store: {
    what: 'a URL like redis://10.0.0.1:6379',
    holds: value => isText(value) && isRedisUrl(value),
  },
  signal,
  progressEveryMillis: interval,
}

export function checkManageOptions(options: ManageOptions): void {
  check(options, MANAGE)
  if (options.httpPort === undefined && options.port === 65_535)
    throw bad('behind port 65535 there is none for HTTP: name one, or take another port')
}

/** @throws Mcp2pError BAD_OPTION (usage), as all of these do */
export function checkMetaOptions(options: CreateMetaOptions): void {
  check(options, META)
}

export function checkSendOptions(options: SendOptions): void {
  check(options, SEND)
  if (options.meta !== undefined) checkMetaOptions(options.meta)
  const { minRateBps = 0, maxRateBps = Number.POSITIVE_INFINITY } = options
  if (minRateBps > maxRateBps) throw bad('minRateBps is above maxRateBps')
  const { carousel, passes, durationMillis, multicast } = options
  if (!carousel && (passes ?? durationMillis) !== undefined)
    throw bad('passes and durationMillis are limits of a carousel')
  if (carousel && multicast === 'never') throw bad('a carousel is nothing but multicast')
  checkDataPort(options)
}

/** Without one of its own the data's port is the next. */
function checkDataPort(options: { readonly port?: number; readonly dataPort?: number }): void {
  if (options.dataPort === undefined && (options.port ?? DEFAULT_PORT) === 65_535)
    throw bad('behind port 65535 there is none for the data: name one, or take another port')
}

export function checkDoctorOptions(options: DoctorOptions): void {
  check(options, DOCTOR)
  checkDataPort(options)
}

export function checkReceiveOptions(options: ReceiveOptions): void {
  check(options, RECEIVE)
  const { oneWay, multicast, peers = [], stay, discard, out, overwrite } = options
  const { noRelay, relayOnly } = options
  if (discard && (out !== undefined || overwrite || stay))
    throw bad('discard leaves nothing for out, overwrite and stay')
  if (oneWay && multicast === 'never') throw bad('oneWay is nothing but multicast')
  if (relayOnly && (noRelay || oneWay || discard || multicast === 'never'))
    throw bad('relayOnly needs multicast, a way back, and what it has')
  if (oneWay && (peers.length > 0 || stay)) throw bad('oneWay has no way to peers')
}

export function checkVerifyOptions(options: { readonly signal?: AbortSignal }): void {
  check(options, { signal })
}

const anything: Rule = { what: 'anything', holds: () => true }
const metaSource: Rule = {
  what: 'the path of a .p2pmeta or its bytes',
  holds: value => isText(value) || value instanceof Uint8Array,
}

export function checkMetaSource(meta: unknown): void {
  demand('meta', meta, metaSource)
}

export function checkFolder(dir: unknown): void {
  demand('dir', dir, text)
}

/** `scan` says what is wrong with an empty list. */
export function checkPaths(paths: unknown): void {
  const what = 'a list of paths'
  demand('paths', paths, { what, holds: value => Array.isArray(value) && value.every(isText) })
}

/** Exactly one of a meta and paths. */
export function checkSendSource(source: unknown): void {
  check(source, { meta: anything, paths: anything }, 'the source')
  const given = source as { readonly meta?: unknown; readonly paths?: unknown }
  if ('meta' in given === 'paths' in given) throw bad('the source needs either meta or paths')
  if ('paths' in given) checkPaths(given.paths)
  else checkMetaSource(given.meta)
}

const aLink: Rule = { what: 'a link as parseLink gives it', holds: isLink }

export function checkLink(link: unknown): void {
  demand('link', link, aLink)
}

const SOURCE: Rules<{ meta?: unknown; link?: Link; id?: string }> = {
  meta: metaSource,
  link: aLink,
  id: { what: '8 to 64 lower-case hex digits', holds: value => isHex(value, 8) },
}

/** One of a meta, a link and an id, or none of them. */
export function checkReceiveSource(source: unknown): void {
  check(source, SOURCE, 'the source')
  const given = Object.values(source as object).filter(value => value !== undefined)
  if (given.length > 1) throw bad('the source may have one of meta, link and id')
}

function isLink(value: unknown): boolean {
  if (!isObject(value)) return false
  const { id, managers, name } = value as { readonly [K in keyof Link]: unknown }
  if (!isHex(id, 64) || (name !== undefined && typeof name !== 'string')) return false
  return Array.isArray(managers) && managers.every(isAddress)
}

function isAddress(value: unknown): boolean {
  return isObject(value) && isText(value.host) && port.holds(value.port)
}

function isHex(value: unknown, charsMin: number): boolean {
  return typeof value === 'string' && value.length >= charsMin && /^[0-9a-f]{1,64}$/.test(value)
}

/** Its secrets are not repeated in a message: only whether it is one is said. */
function isRedisUrl(text: string): boolean {
  return /^rediss?:\/\//.test(text) && URL.canParse(text)
}
