// `mcp2p recv`: fetches a transfer, or the first one that is announced. The answer is the folder
// where it stands; how it came is said on stderr.

import { Mcp2pError } from '../../../core/base/errors.js'
import type { ReceiveEvents, ReceiveResult } from '../../../engine/api.js'
import type { ReceiveSource } from '../engine.js'
import type { Settings } from '../options.js'
import type { Command, Handlers, Run } from '../run.js'
import { keepHeapSmall } from '../schedule.js'
import { receiveSource } from '../source.js'
import { printable } from '../text.js'
import { formatBytes, formatRate, formatSeconds } from '../units.js'
import { RecvView } from '../view/recv.js'
import { sessionText } from '../view/session.js'

export const recv: Command = async (run, [argument]) => {
  const { settings } = run
  checkOneWay(settings)
  const source = await receiveSource(argument)
  const receive = await run.world.engine.receive()
  const job = receive(source, {
    out: settings.out,
    peers: settings.peer,
    managers: settings.manager,
    location: settings.location,
    group: settings.group,
    port: settings.port,
    peerPort: settings['peer-port'],
    interface: settings.interface,
    multicast: settings.multicast,
    dscp: settings.dscp,
    stay: settings.stay,
    downloadBps: settings.download,
    uploadBps: settings.upload,
    overwrite: settings.overwrite,
    oneWay: settings['one-way'],
    noRelay: settings['no-relay'],
    relayOnly: settings['relay-only'],
    discard: settings.discard,
    signal: run.signal,
    progressEveryMillis: run.progressEveryMillis,
  })
  const view = new RecvView(run.style, waitingText(source, settings))
  // Run again, it should not take what is announced first by then.
  job.on('session', ({ id }) => argument === undefined && run.needsToGoOn(id))
  const result = await run.follow(job, view, handlers(run, view))
  run.screen.note(endLine(result))
  if (result.out !== null) run.screen.answer(printable(result.out))
  return { document: result }
}

function checkOneWay(settings: Settings): void {
  if (!settings['one-way'] || settings.multicast !== 'never') return
  throw new Mcp2pError(
    'USAGE',
    'usage',
    '--one-way is nothing but multicast, and that is switched off',
    'Leave one of them out.',
  )
}

function waitingText({ meta, link, id }: ReceiveSource, settings: Settings): string {
  const what = meta ?? link?.name ?? link?.id ?? id
  if (what !== undefined) return `looking for ${printable(what)}`
  return `waiting for an announcement on ${settings.group}:${settings.port}`
}

function handlers(run: Run, view: RecvView): Handlers<ReceiveEvents> {
  return {
    notice: undefined,
    session: session => {
      keepHeapSmall(session.files)
      run.screen.note(`receiving ${sessionText(session)}, from ${printable(session.source)}`)
    },
    peer: undefined,
    file: undefined,
    verified: undefined,
    progress: progress => view.update(progress),
    complete: ({ elapsedMillis }) =>
      run.screen.note(`${run.style.good('complete')} after ${formatSeconds(elapsedMillis / 1000)}`),
  }
}

function endLine(result: ReceiveResult): string {
  const resumed = result.resumedBytes > 0 ? `, ${formatBytes(result.resumedBytes)} were here` : ''
  const given = result.uploadedBytes > 0 ? `; given ${formatBytes(result.uploadedBytes)}` : ''
  return [
    `${printable(result.name)}: ${formatBytes(result.totalBytes)}`,
    ` in ${formatSeconds(result.seconds)}, ${formatRate(result.rateBps)}`,
    `; by multicast ${formatBytes(result.multicastBytes)}`,
    `, from peers ${formatBytes(result.peerBytes)}`,
    `, from the seeder ${formatBytes(result.seederBytes)}`,
    resumed,
    given,
    wrongOf(result.wrongBlocks),
    result.out === null ? '; nothing was written' : '',
  ].join('')
}

function wrongOf(blocks: number): string {
  if (blocks === 0) return ''
  return `; ${blocks} ${blocks === 1 ? 'block' : 'blocks'} came wrong and came right in the end`
}
