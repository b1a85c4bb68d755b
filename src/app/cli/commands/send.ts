// `mcp2p send`: offers a transfer until everybody has it. The answer is the link with the line that
// receives it, at the start, and the receivers' table at the end.

import { Mcp2pError } from '../../../core/base/errors.js'
import type { ReceiverRow, SendEvents, SendResult } from '../../../engine/api.js'
import type { SendSource } from '../engine.js'
import { metaOptions } from '../meta-options.js'
import type { OptionName, Settings } from '../options.js'
import type { Command, Handlers, Run } from '../run.js'
import { keepHeapSmall } from '../schedule.js'
import { needFolder, sendSource } from '../source.js'
import { type Column, tableLines } from '../table.js'
import { shellQuote } from '../text.js'
import { formatBytes, formatPercent, formatRate, formatSeconds } from '../units.js'
import { fractionOf, SendView } from '../view/send.js'
import { sessionText } from '../view/session.js'

export const send: Command = async (run, paths) => {
  const { settings } = run
  checkRates(settings)
  checkCarousel(settings)
  const meta = metaOptions(settings)
  const source = await sendSource(paths)
  checkSource(run, source)
  if (settings.root !== undefined) await needFolder(settings.root)
  const start = await run.world.engine.send()
  const { signal, progressEveryMillis } = run
  const now = new AbortController()
  const job = start(source, {
    ...networkOptions(settings),
    root: 'meta' in source ? settings.root : undefined,
    meta: 'paths' in source ? { ...meta, signal, progressEveryMillis } : undefined,
    signal,
    start: now.signal,
    progressEveryMillis,
  })
  const quietly = run.world.onEnter(() => now.abort())
  const view = new SendView(run.style, paths.join(' '))
  let result: SendResult
  try {
    result = await run.follow(job, view, handlers(run, view))
  } catch (error) {
    printTable(run, view.receivers) // how far they are matters most where it was cut short
    throw error
  } finally {
    quietly()
  }
  printTable(run, result.receivers)
  run.screen.note(
    `${formatSeconds(result.seconds)}, ${result.passes === 1 ? '1 pass' : `${result.passes} passes`}; ` +
      `by multicast ${formatBytes(result.multicastBytes)}, served ${formatBytes(result.servedBytes)}${settings.carousel ? '; who only listens is not counted' : ''}`,
  )
  return { document: result, problem: result.complete ? undefined : incomplete(result) }
}

function networkOptions(settings: Settings) {
  return {
    group: settings.group,
    port: settings.port,
    dataPort: settings['data-port'],
    peerPort: settings['peer-port'],
    managers: settings.manager,
    location: settings.location,
    interface: settings.interface,
    ttl: settings.ttl,
    fec: settings.fec,
    multicast: settings.multicast,
    dscp: settings.dscp,
    rateBps: settings.rate,
    minRateBps: settings['min-rate'],
    maxRateBps: settings['max-rate'],
    uploadBps: settings.upload,
    waitReceivers: settings['wait-receivers'],
    waitMillis: settings.wait,
    lingerMillis: settings.linger,
    forever: settings.forever,
    carousel: settings.carousel,
    passes: settings.passes,
    durationMillis: settings.duration,
  }
}

function handlers(run: Run, view: SendView): Handlers<SendEvents> {
  const { screen } = run
  return {
    notice: undefined,
    session: session => {
      screen.note(`sending ${sessionText(session)}`)
      screen.answer(session.link)
      screen.answer(`mcp2p recv ${shellQuote(session.link)}`)
    },
    listening: ({ group, port, dataPort, peerPort }) =>
      screen.note(
        run.settings.multicast === 'never'
          ? `swarm only: multicast is switched off; peers on TCP ${peerPort}`
          : `announcing on ${group}:${port}, data on ${dataPort}, peers on TCP ${peerPort}`,
      ),
    peer: undefined,
    receiver: undefined,
    progress: progress => {
      keepHeapSmall(progress.files)
      view.update(progress)
    },
  }
}

const COLUMNS: readonly Column[] = [
  { title: 'HOST' },
  { title: 'SECONDS', align: 'right' },
  { title: 'MBIT/S', align: 'right' },
  { title: 'MULTICAST', align: 'right' },
  { title: 'PEERS', align: 'right' },
  { title: 'SEEDER', align: 'right' },
  { title: 'RESULT' },
]

function printTable(run: Run, receivers: readonly ReceiverRow[]): void {
  if (receivers.length === 0) return
  const rows = receivers.map(row => [
    row.host,
    row.seconds.toFixed(1),
    (row.rateBps / 1e6).toFixed(1),
    formatBytes(row.multicastBytes),
    formatBytes(row.peerBytes),
    formatBytes(row.seederBytes),
    resultOf(row),
  ])
  for (const line of tableLines(COLUMNS, rows)) run.screen.answer(line)
}

function resultOf(row: ReceiverRow): string {
  const resumed = row.resumedBytes > 0 ? `, had ${formatBytes(row.resumedBytes)}` : ''
  if (row.state === 'complete') return `complete${resumed}`
  const word = row.state === 'gone' ? 'gone at' : 'incomplete,'
  return `${word} ${formatPercent(fractionOf(row))}${resumed}`
}

function incomplete({ receivers }: SendResult): Mcp2pError {
  const missing = receivers.filter(row => row.state !== 'complete').length
  if (receivers.length === 0) {
    return new Mcp2pError(
      'NO_RECEIVER',
      'partial',
      'no receiver came',
      'Start `mcp2p recv` on the other machines first; --wait-receivers waits for them.',
    )
  }
  return new Mcp2pError(
    'RECEIVERS_INCOMPLETE',
    'partial',
    `${missing} of ${receivers.length} receivers ${missing === 1 ? 'is' : 'are'} incomplete`,
    'Send it again: whoever has a part of it goes on from there.',
  )
}

function checkRates(settings: Settings): void {
  const [min, max] = [settings['min-rate'], settings['max-rate']]
  if (min === undefined || max === undefined || min <= max) return
  throw new Mcp2pError(
    'USAGE',
    'usage',
    `--min-rate ${formatRate(min)} is above --max-rate ${formatRate(max)}`,
    'Swap them, or leave one out.',
  )
}

function checkCarousel({ carousel, passes, duration, multicast }: Settings): void {
  if (carousel && multicast === 'never')
    throw new Mcp2pError(
      'USAGE',
      'usage',
      '--carousel is nothing but multicast, and that is switched off',
      'Leave out --carousel; --forever serves peers until stopped.',
    )
  if (carousel || (passes ?? duration) === undefined) return
  throw new Mcp2pError(
    'USAGE',
    'usage',
    `--${passes === undefined ? 'duration' : 'passes'} says when a carousel ends, but this is none`,
    'Add --carousel, or leave it out.',
  )
}

/** What only shapes a new meta says nothing about an existing one, and the other way round. */
function checkSource(run: Run, source: SendSource): void {
  const idle: readonly OptionName[] = 'meta' in source ? ['name', 'chunk-size', 'hash'] : ['root']
  const given = idle.find(name => run.sourceOf(name) === 'flag')
  if (given === undefined) return
  throw new Mcp2pError(
    'USAGE',
    'usage',
    'meta' in source
      ? `--${given} shapes a new .p2pmeta, but this one is finished`
      : `--${given} says where the files of a .p2pmeta are, but paths were given`,
    'meta' in source ? `Make it with mcp2p meta --${given}.` : 'Leave it out.',
  )
}
