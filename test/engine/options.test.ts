// What a caller without a compiler may hand over by mistake: every option of every job, with values
// of the wrong type or beyond all sense, is refused by name, in one line, before anything begins.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Mcp2pError } from '../../src/core/base/errors.js'
import { createMeta } from '../../src/engine/create-meta.js'
import { formatLink, parseLink } from '../../src/engine/link.js'
import { receive } from '../../src/engine/receive.js'
import { send } from '../../src/engine/send.js'
import { verify } from '../../src/engine/verify.js'
import { freshFolder } from '../io/disk/sample.js'

const no = [null, Number.NaN, {}, [], () => {}, Symbol('x'), 10n, new Date(), new Map()]
const noNumber = [...no, '', '5', true, -1, Number.NEGATIVE_INFINITY]
const noWhole = [...noNumber, 0.5, 1e300, Number.POSITIVE_INFINITY]
const noPort = [...noWhole, 0, 65_536]
const noText = [...no, 5, false, '', 'a\0b']
const noFlag = [...no, 0, 1, 'true', '']
const noSignal = [...no, 5, 'x', true, { aborted: false }]
const noEndpoints = [
  ...no.filter(each => !Array.isArray(each)),
  'a:1',
  5,
  [5],
  ['a'],
  ['a:0'],
  [null],
]
const noInterval = [...noWhole, 0, 2 ** 31]

const network = {
  group: [...noText, '10.0.0.1', '223.0.0.1', 'ff', '::1', 'x'],
  port: noPort,
  peerPort: noPort,
  interface: noText,
  multicast: [...noText, 'sometimes', true],
  signal: noSignal,
  progressEveryMillis: noInterval,
}
const wrong = {
  createMeta: {
    name: noText,
    chunkBytes: [...noWhole, 0, 8192, 16_385, 2 ** 25],
    hash: [...noText, 'md5', '__proto__', 'toString'],
    managers: noEndpoints,
    signal: noSignal,
    progressEveryMillis: noInterval,
  },
  send: {
    ...network,
    root: noText,
    dataPort: noPort,
    ttl: [...noWhole, 256],
    rateBps: [...noWhole, 0],
    minRateBps: [...noWhole, 0],
    maxRateBps: [...noWhole, 0],
    uploadBps: [...noWhole, 0],
    waitReceivers: [...noWhole, 0],
    waitMillis: noNumber,
    start: noSignal,
    lingerMillis: noNumber,
    forever: noFlag,
    carousel: noFlag,
    passes: [...noWhole, 0],
    durationMillis: noNumber,
    meta: [...no.filter(each => !isObject(each)), 5, 'x', { hash: 'md5' }, { colour: 1 }],
  },
  receive: {
    ...network,
    out: noText,
    budget: [...no, { uploadBps: 1 }],
    dscp: [...noWhole, 64, -1],
    downloadBps: [...noWhole, 0],
    uploadBps: [...noWhole, 0],
    peers: noEndpoints,
    stay: noFlag,
    overwrite: noFlag,
    oneWay: noFlag,
    discard: noFlag,
  },
  verify: { signal: noSignal },
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

type Started = { readonly done: Promise<unknown> }
const bytes = new Uint8Array(3)
// biome-ignore lint/suspicious/noExplicitAny: a caller without a compiler
type Loose = any

/** With a source that would be taken, so that only the options can be at fault. */
const jobs: Record<keyof typeof wrong, (options: Loose) => Started> = {
  createMeta: options => createMeta(['/nonexistent'], options),
  send: options => send({ paths: ['/nonexistent'] }, options),
  receive: options => receive({ meta: '/nonexistent' }, options),
  verify: options => verify(bytes, '/nonexistent', options),
}

async function expectRefused(job: Started, name: string): Promise<void> {
  const error = await job.done.then(
    () => expect.unreachable('it was taken'),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(Mcp2pError)
  expect(error).toMatchObject({
    code: 'BAD_OPTION',
    exit: 'usage',
    hint: expect.stringMatching(/./),
  })
  expect((error as Error).message).toContain(name)
  expect((error as Error).message).not.toMatch(/\n|\[object/)
}

describe.each(Object.keys(wrong) as (keyof typeof wrong)[])('%s', job => {
  it.each(Object.entries(wrong[job]))('refuses a wrong %s', async (option, values) => {
    for (const value of values) {
      const inner = option === 'meta' && isObject(value) ? '' : option
      await expectRefused(jobs[job]({ [option]: value }), inner)
    }
  })

  it('refuses options that are none, and names that it does not know', async () => {
    for (const options of [null, 5, 'x', [], () => {}])
      await expectRefused(jobs[job](options), 'options')
    for (const name of ['rate', '__proto__x', 'toString', ''])
      await expectRefused(jobs[job]({ [name]: 5 }), JSON.stringify(name))
  })

  it('takes options that are undefined', async () => {
    const options = Object.fromEntries(Object.keys(wrong[job]).map(name => [name, undefined]))
    const refused = jobs[job](options).done
    await expect(refused).rejects.toMatchObject({
      exit: expect.stringMatching(/notFound|integrity/),
    })
  })
})

const id = '0'.repeat(64)
const jobsOf: Record<string, (source: Loose) => Started> = {
  createMeta: paths => createMeta(paths),
  send: source => send(source),
  receive: source => receive(source, { multicast: 'never' }),
  verify: meta => verify(meta, '.'),
  'verify in': dir => verify(bytes, dir),
}
it.each<[string, readonly unknown[]]>([
  ['createMeta', [undefined, 'path', [5], [''], ['a\0b'], [['a']], ...noText.slice(0, 3)]],
  ['send', [...no, undefined, 'path', { paths: 'x' }, { paths: [5] }, { meta: 5 }, { meta: '' }]],
  ['send', [{ meta: bytes, paths: ['x'] }, { meta: bytes, paths: undefined }, { path: 'x' }]],
  ['receive', [...no.filter(each => !isObject(each)), undefined, 'x', { meta: 5 }, { meta: [] }]],
  [
    'receive',
    [{ id: 5 }, { id: 'x' }, { id: '0123' }, { id: id.toUpperCase().replace(/0/g, 'A') }],
  ],
  ['receive', [{ id: `${id}0` }, { id, meta: bytes }, { link: 'mcp2p:' }, { link: { id } }]],
  [
    'receive',
    [{ link: { id, managers: [{ host: 'a', port: 0 }] } }, { link: { id, managers: ['a:1'] } }],
  ],
  ['verify', [undefined, ...noText, { id }]],
  ['verify in', [undefined, ...noText]],
])('%s refuses a source that is none', async (job, sources) => {
  for (const source of sources) await expectRefused(jobsOf[job](source), '')
})

it('two options that exclude each other are refused together', async () => {
  await expectRefused(jobs.send({ minRateBps: 2, maxRateBps: 1 }), 'minRateBps')
  await expectRefused(jobs.send({ port: 65_535 }), '65535')
  await expectRefused(jobs.send({ passes: 3 }), 'carousel')
  await expectRefused(jobs.send({ durationMillis: 0 }), 'carousel')
  await expectRefused(jobs.send({ carousel: true, multicast: 'never' }), 'carousel')
  await expectRefused(jobs.receive({ oneWay: true, multicast: 'never' }), 'oneWay')
  await expectRefused(jobs.receive({ oneWay: true, peers: ['a:1'] }), 'oneWay')
  await expectRefused(jobs.receive({ oneWay: true, stay: true }), 'oneWay')
  for (const other of [{ out: '.' }, { overwrite: true }, { stay: true }])
    await expectRefused(jobs.receive({ discard: true, ...other }), 'discard')
  await expect(jobs.send({ port: 65_535, dataPort: 1000 }).done).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
})

it('nothing was begun by then', async () => {
  const out = join(freshFolder(), 'out')
  await expectRefused(receive({}, { out, port: -1 }), 'port')
  expect(existsSync(out)).toBe(false)
})

it('what is no link makes no text, and what is no text is no link', () => {
  for (const each of [...no, undefined, 'mcp2p:x', { id: 'x', managers: [] }])
    expect(() => formatLink(each as never)).toThrow(
      /^link is .*, not a link as parseLink gives it$/,
    )
  for (const each of [...no, undefined, 5]) expect(parseLink(each as never)).toBeUndefined()
  const text = `mcp2p:${'a'.repeat(64)}?m=10.0.0.1:9990`
  expect(formatLink(parseLink(text)!)).toBe(text)
})
