// `mcp2p bench`: what the network and this machine can do, before a transfer is blamed for it. One
// side sends, any number of receivers count; the answer is iperf's lines on both.

import { isIpv4, isIpv6 } from '../../../core/base/endpoint.js'
import { Mcp2pError } from '../../../core/base/errors.js'
import type {
  BenchReceiveEvents,
  BenchSendEvents,
  BenchSendResult,
  RunFigures,
} from '../../../engine/bench/api.js'
import {
  endOf,
  endOfTcp,
  endsOf,
  heardStream,
  intervalsOf,
  later,
  rowStreams,
  type Stream,
  sentStream,
} from '../bench-json.js'
import { formatBandwidth } from '../iperf.js'
import type { Settings } from '../options.js'
import type { Command, Handlers, Outcome, Run } from '../run.js'
import type { View } from '../screen.js'
import { needFolder } from '../source.js'
import { printable } from '../text.js'
import { formatLoss, formatRate } from '../units.js'
import {
  HEARD_TITLE,
  heardLine,
  hostTable,
  mark,
  probeLine,
  receiverTable,
  remarksOf,
  SENT_TITLE,
  sentLine,
} from '../view/bench.js'

/** iperf's, where nobody chose one: a transfer's announcements are not to be drowned. */
const PORT = 5001
/** Every line is an answer: there is nothing to redraw. */
const NO_VIEW: View = { block: () => [], line: () => undefined }

export const bench: Command = async (run, [side]) => {
  if (side === 'send') return send(run)
  if (side === 'recv') return recv(run)
  if (side === 'host') return host(run)
  throw new Mcp2pError(
    'USAGE',
    'usage',
    `"${side}" is no part of bench`,
    'Write mcp2p bench send, recv or host. See mcp2p bench --help.',
  )
}

async function send(run: Run): Promise<Outcome> {
  const { settings, screen } = run
  const start = await run.world.engine.benchSend()
  const groups = groupsOf(settings)
  const tcp = tcpOf(run)
  const job = start({
    ...networkOptions(run, groups),
    tcp,
    ttl: settings.ttl,
    dscp: settings.dscp,
    rateBps: settings.bandwidth ?? 0,
    lengthBytes: settings.len ?? 1470,
    micros: (settings.time ?? 10_000) * 1000,
    bytes: settings.num,
  })
  const intervals: Stream[] = []
  const result = await run.follow(job, NO_VIEW, sendHandlers(run, groups, intervals))
  for (const [at, sent] of result.sent.entries()) {
    if (result.limit === undefined) screen.answer(sentLine(at + 1, sent))
    if (tcp === undefined) screen.answer(`${mark(at + 1)} Sent ${sent.datagrams} datagrams`)
  }
  if (result.receivers.length > 0)
    for (const line of receiverTable(result.receivers)) screen.answer(line)
  if (result.limit && result.limit.rateBps > 0) screen.answer(limitLine(result))
  const sent = result.sent.map((each, at) => sentStream(at + 1, each))
  const heard = rowStreams(result.receivers, sent.length + 1)
  const document = {
    start: startOf(run, groups),
    intervals: intervalsOf(intervals, intervalSecondsOf(settings)),
    end:
      tcp === undefined
        ? endOf(sent, heard, Math.max(1, heard.length / groups.length))
        : endOfTcp(endsOf(result.receivers)),
    receivers: result.receivers,
    ...(result.limit && { limit: result.limit }),
  }
  return { document, problem: problemOf(result) }
}

/** By multicast when undefined. */
function tcpOf({ settings, sourceOf }: Run): 'serial' | 'parallel' | undefined {
  const tcp = settings.serial
    ? 'serial'
    : settings.parallel || settings.tcp
      ? 'parallel'
      : undefined
  if (tcp === undefined || sourceOf('bandwidth') !== 'flag') return tcp
  const hint = 'Leave -b out: TCP finds its rate by itself.'
  throw new Mcp2pError('USAGE', 'usage', '--bandwidth paces datagrams, not TCP', hint)
}

function sendHandlers(
  run: Run,
  groups: readonly string[],
  intervals: Stream[],
): Handlers<BenchSendEvents> {
  const { screen } = run
  let isTitled = false
  return {
    notice: undefined,
    sending: ({ group, port, lengthBytes, rateBps }) => {
      const how = rateBps === 0 ? 'as fast as the path carries' : formatBandwidth(rateBps).trim()
      const what = `${lengthBytes} byte datagrams to ${group} port ${port}, ${how}`
      const tcp = tcpOf(run)
      screen.note(
        `sending ${tcp ? `by TCP, ${tcp}, to whoever hears ${group} port ${port}` : what}`,
      )
    },
    receiver: ({ host, group }) => screen.note(`${host} hears ${group}`),
    probe: probe => screen.answer(probeLine(probe)),
    interval: sent => {
      const id = groups.indexOf(sent.group) + 1
      if (!isTitled) screen.answer(SENT_TITLE)
      isTitled = true
      screen.answer(sentLine(id, sent))
      intervals.push(sentStream(id, sent))
    },
  }
}

async function recv(run: Run): Promise<Outcome> {
  const { settings } = run
  checkSource(settings)
  const start = await run.world.engine.benchReceive()
  const groups = groupsOf(settings)
  const job = start({
    ...networkOptions(run, groups),
    source: settings.source,
    // A sender's default time is none of a receiver's.
    micros: run.sourceOf('time') === 'default' ? undefined : (settings.time ?? 0) * 1000,
    once: settings['one-off'],
  })
  const intervals: RunFigures[] = []
  const result = await run.follow(job, NO_VIEW, receiveHandlers(run, intervals))
  const document = {
    start: startOf(run, groups),
    intervals: intervalsOf(sinceTheFirst(intervals), intervalSecondsOf(settings)),
    end: endOf([], sinceTheFirst(result.runs)),
  }
  return { document, problem: result.runs.length > 0 ? undefined : nothingHeard() }
}

async function host(run: Run): Promise<Outcome> {
  const { settings, screen, signal } = run
  const folder = settings.out ?? '.'
  await needFolder(folder)
  const start = await run.world.engine.benchHost()
  screen.note('measuring this machine for about 15 seconds')
  const job = start({ folder, signal })
  const result = await run.follow(job, NO_VIEW, { notice: undefined, part: undefined })
  for (const line of hostTable(result.parts)) screen.answer(line)
  const { name, rateBps } = result.narrowest
  screen.answer(`narrowest: ${name}, no transfer is faster than ${formatRate(rateBps)}`)
  return { document: result }
}

function receiveHandlers(run: Run, intervals: RunFigures[]): Handlers<BenchReceiveEvents> {
  const { screen } = run
  let isTitled = false
  const line = (text: string): void => {
    if (!isTitled) screen.answer(HEARD_TITLE)
    isTitled = true
    screen.answer(text)
  }
  return {
    notice: undefined,
    listening: ({ groups, port, interfaces }) =>
      screen.note(`listening to ${groups.join(', ')} port ${port} on ${interfaces.join(', ')}`),
    stream: ({ id, source, group }) => {
      screen.answer(`${mark(id)} ${group} connected with ${source}`)
      isTitled = false
    },
    interval: each => {
      line(heardLine(each.stream.id, each.figures))
      intervals.push(each)
    },
    summary: each => {
      line(heardLine(each.stream.id, each.figures))
      for (const remark of remarksOf(each.stream.id, each)) screen.answer(remark)
    },
  }
}

/** All on one axis of time, which begins with the first arrival of the first. */
function sinceTheFirst(runs: readonly RunFigures[]): Stream[] {
  const began = runs.reduce((at, { firstAt }) => Math.min(at, firstAt), Infinity)
  return runs.map(({ stream, figures, firstAt }) => {
    const heard = heardStream(stream.id, figures, { host: stream.source, group: stream.group })
    return later(heard, (firstAt - began) / 1e6)
  })
}

function intervalSecondsOf({ interval = Infinity }: Settings): number {
  return interval / 1000
}

function checkSource({ source, group }: Settings): void {
  if (source === undefined) return
  const six = (group ?? '').includes(':')
  if (six ? isIpv6(source) : isIpv4(source)) return
  const message = `--source: "${printable(source)}" is no IPv${six ? 6 : 4} address`
  const hint = 'Write the address of the sender, of the same family as the group.'
  throw new Mcp2pError('USAGE', 'usage', message, hint)
}

function groupsOf(settings: Settings): string[] {
  return (settings.group ?? '').split(' ')
}

function networkOptions({ settings, signal, sourceOf }: Run, groups: readonly string[]) {
  return {
    groups,
    port: sourceOf('port') === 'default' ? PORT : (settings.port ?? PORT),
    interface: settings.interface,
    intervalMicros: 1e6 * intervalSecondsOf(settings),
    signal,
  }
}

function startOf(run: Run, groups: readonly string[]): object {
  const { settings, world } = run
  const { port } = networkOptions(run, groups)
  const seconds = Math.floor(world.now() / 1000)
  return {
    connecting_to: { host: groups[0], port },
    timestamp: { time: new Date(seconds * 1000).toUTCString(), timesecs: seconds },
    test_start: {
      protocol: tcpOf(run) ? 'TCP' : 'UDP',
      num_streams: groups.length,
      blksize: settings.len ?? 1470,
      omit: 0,
      duration: settings.num === undefined ? (settings.time ?? 0) / 1000 : 0,
      bytes: settings.num ?? 0,
      blocks: 0,
      reverse: 0,
      tos: (settings.dscp ?? 0) << 2,
      target_bitrate: settings.bandwidth ?? 0,
    },
  }
}

function limitLine({ limit, receivers }: BenchSendResult): string {
  const { rateBps = 0, lossFraction = 0, probes = 0 } = limit ?? {}
  const worst = receivers.length === 1 ? 'loss' : `worst loss of ${receivers.length} receivers`
  return `limit: ${formatBandwidth(rateBps).trim()} (${worst} ${formatLoss(lossFraction)}), found by ${probes} probes`
}

function problemOf({ receivers, limit, isInterrupted }: BenchSendResult): Mcp2pError | undefined {
  if (isInterrupted) {
    const hint = 'The figures are of what was sent until then.'
    return new Mcp2pError('INTERRUPTED', 'interrupted', 'stopped before the end', hint)
  }
  if (receivers.length === 0) {
    const hint =
      'Start `mcp2p bench recv` on the other machines first, with the same --group and --port; do they reach this machine by TCP?'
    return new Mcp2pError('NO_RECEIVER', 'partial', 'no receiver answered', hint)
  }
  const silent = receivers.filter(each => each.figures === undefined).length
  if (silent > 0) {
    const message = `${silent} of ${receivers.length} receivers did not report`
    const hint = 'Were they stopped, or does a firewall keep TCP from this machine?'
    return new Mcp2pError('RECEIVERS_INCOMPLETE', 'partial', message, hint)
  }
  if (limit?.rateBps !== 0) return undefined
  const message = `every rate that was tried lost too much, at least ${formatLoss(limit.lossFraction)}`
  const hint = 'The path loses whatever the rate: see the receivers with -b 1m -i 1.'
  return new Mcp2pError('LOSSY', 'threshold', message, hint)
}

function nothingHeard(): Mcp2pError {
  const hint = 'Start `mcp2p bench send` on another machine, with the same --group and --port.'
  return new Mcp2pError('NOTHING_HEARD', 'network', 'no bench was heard', hint)
}
