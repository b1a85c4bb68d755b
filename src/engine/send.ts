// Sends a transfer: makes or loads its meta, opens its files, and runs the sender's machine until
// every receiver is complete or gone.

import { dirname, resolve } from 'node:path'
import { Mcp2pError } from '../core/base/errors.js'
import { type P2pMeta, parseMeta } from '../core/meta/p2pmeta.js'
import { sha256 } from '../io/disk/hasher.js'
import { readMetaFile } from '../io/disk/meta-file.js'
import { openSource } from '../io/disk/source.js'
import type { MetaEvents, SendEvents, SendOptions, SendProgress, SendResult } from './api.js'
import { makeMeta } from './create-meta.js'
import { Silence } from './doctor/silence.js'
import { type Emit, Job } from './events.js'
import { throwIfAborted } from './interrupted.js'
import { checkSendOptions, checkSendSource } from './options.js'
import { placeOf } from './place.js'
import { Sending } from './sending.js'

/** A meta (its path or bytes), or paths of which the meta is made first. */
export type SendSource =
  | { readonly meta: Uint8Array | string }
  | { readonly paths: readonly string[] }

/** Starts sending. `done` rejects with a `Mcp2pError`. */
export function send(source: SendSource, options: SendOptions = {}): Job<SendEvents, SendResult> {
  return new Job(emit => run(source, options, emit))
}

async function run(
  source: SendSource,
  options: SendOptions,
  emit: Emit<SendEvents>,
): Promise<SendResult> {
  checkSendSource(source)
  checkSendOptions(options)
  throwIfAborted(options.signal)
  const startedAt = performance.now()
  const place = placeOf(options)
  const { meta, metaBytes, from } = await offered(source, options, emit, startedAt)
  if (options.carousel) checkCarousel(meta, options, emit)
  const opened = await openSource(meta, from, options.signal)
  const silence = new Silence(options, emit)
  try {
    const tell: Emit<SendEvents> = (type, event) => {
      if (type === 'peer') silence.broken() // it heard the announcement, or asks for itself
      silence.emit(type, event)
    }
    const given = { meta, metaBytes, source: opened, options, place, emit: tell, startedAt }
    const sending = await Sending.open(given)
    silence.begin()
    return await sending.run()
  } finally {
    silence.end()
    await opened.close()
  }
}

/** @throws Mcp2pError NOTHING_TO_SEND (usage) */
function checkCarousel(meta: P2pMeta, options: SendOptions, emit: Emit<SendEvents>): void {
  if (meta.files.every(({ size }) => size === 0)) {
    const hint = 'Copy the .p2pmeta: it has all there is.'
    const message = `${meta.name} has no bytes to go round`
    throw new Mcp2pError('NOTHING_TO_SEND', 'usage', message, hint)
  }
  if (options.rateBps !== undefined) return
  emit('notice', {
    code: 'carousel-rate',
    level: 'info',
    message: 'who only listens cannot say what the line carries: slow until somebody reports',
    hint: '--rate sets what the slowest line carries',
  })
}

interface Offered {
  readonly meta: P2pMeta
  /** The document. */
  readonly metaBytes: Uint8Array
  /** Where its files are: a folder, or each file's own path. */
  readonly from: string | readonly string[]
}

async function offered(
  source: SendSource,
  options: SendOptions,
  emit: Emit<SendEvents>,
  startedAt: number,
): Promise<Offered> {
  if ('paths' in source) {
    const metaOptions = { signal: options.signal, ...options.meta }
    const made = await makeMeta(source.paths, metaOptions, event => {
      emit('progress', hashing(event, startedAt))
    })
    return { meta: made.meta, metaBytes: made.bytes, from: made.sources }
  }
  const isPath = typeof source.meta === 'string'
  const from = resolve(options.root ?? (isPath ? dirname(resolve(source.meta)) : '.'))
  const metaBytes = isPath ? await readMetaFile(source.meta) : source.meta
  return { meta: parseMeta(metaBytes, sha256), metaBytes, from }
}

function hashing(made: MetaEvents['progress'], startedAt: number): SendProgress {
  const { totalFiles, hashedBytes, totalBytes } = made
  return {
    phase: 'hashing',
    id: '',
    name: '',
    files: totalFiles,
    totalBytes,
    elapsedMillis: Math.round(performance.now() - startedAt),
    pass: 0,
    passFraction: totalBytes > 0 ? hashedBytes / totalBytes : 0,
    rateBps: 0,
    sentBps: 0,
    rateReason: '',
    datagramBytes: 0,
    multicastBytes: 0,
    servedBytes: 0,
    receivers: [],
  }
}
