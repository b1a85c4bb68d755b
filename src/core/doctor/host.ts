// What may be wrong with the machine itself: native part, clock, buffers, disk, and whether those whom
// the user named answer.

import { MIB } from '../base/units.js'
import type { Facts, PortFacts, TargetFacts } from './facts.js'
import { failed, ok, type Verdict, warning } from './finding.js'
import { eaterOfTcp } from './firewall.js'

/** The receive buffer that the engine asks for, and the least that rides out a pause of 30 ms at 1 Gbit/s. */
const BUFFER_WANTED_BYTES = 64 * MIB
const BUFFER_LEAST_BYTES = 4 * MIB
/** Below the first nothing can be received, below the second not much. */
const DISK_LEAST_BYTES = 16 * MIB
const DISK_FEW_BYTES = 1024 * MIB
const FILES_FEW = 1000
/** 2025-01-01: no clock that is right shows less. */
const CLOCK_LEAST_MILLIS = 1_735_689_600_000
const CLOCK_STEP_MILLIS = 500

export function nativePart({ native }: Facts): Verdict {
  if (native.loaded) return ok(`native batches (${native.why})`)
  const todo = native.why.includes('NO_NATIVE')
    ? 'unset MCP2P_NO_NATIVE'
    : 'install a C compiler and run `npm run build`, or take it as it is: only CPU is lost'
  return warning(`no native part: ${native.why}`, todo)
}

export function clock({ unixMillis, date, clockStepMillis }: Facts): Verdict {
  const todo = 'set it by NTP: timedatectl set-ntp true'
  if (unixMillis < CLOCK_LEAST_MILLIS) return failed(`the clock shows ${date}`, todo)
  if (Math.abs(clockStepMillis) > CLOCK_STEP_MILLIS) {
    const way = clockStepMillis > 0 ? 'forwards' : 'back'
    return warning(`the clock jumped ${way} by ${Math.abs(clockStepMillis)} ms just now`, todo)
  }
  return ok(`the clock shows ${date}`)
}

export function buffer({ receiveBufferMaxBytes: max }: Facts): Verdict | undefined {
  if (max === undefined) return undefined
  const size = max < MIB ? `${Math.round(max / 1024)} KiB` : `${(max / MIB).toFixed(1)} MiB`
  if (max >= BUFFER_LEAST_BYTES) return ok(`sockets may buffer ${size} (rmem_max)`)
  const millis = ((max * 8) / 1e6).toFixed(1)
  return warning(
    `net.core.rmem_max is ${size}, ${millis} ms of 1 Gbit/s: a busy receiver loses datagrams`,
    `sysctl -w net.core.rmem_max=${BUFFER_WANTED_BYTES}`,
  )
}

export function disk({ disk: facts }: Facts): Verdict | undefined {
  if (facts === undefined) return undefined
  const { dir, error, freeBytes, freeFiles } = facts
  if (error !== undefined)
    return failed(`nothing can be written to ${dir}: ${error}`, 'pass a folder of yours by --out')
  if (freeBytes === undefined) return undefined
  const mebibytes = Math.floor(freeBytes / MIB)
  const size = mebibytes < 10 * 1024 ? `${mebibytes} MiB` : `${Math.floor(mebibytes / 1024)} GiB`
  const todo = `make room there (du -xh ${dir} | sort -h | tail), or pass another folder by --out`
  if (freeFiles === 0) return failed(`no more files can be made in ${dir}`, todo)
  if (freeBytes < DISK_LEAST_BYTES) return failed(`${size} are free in ${dir}`, todo)
  if (freeBytes < DISK_FEW_BYTES) return warning(`only ${size} are free in ${dir}`, todo)
  if (freeFiles !== undefined && freeFiles < FILES_FEW)
    return warning(`only ${freeFiles} more files can be made in ${dir}`, todo)
  return ok(`${size} are free in ${dir}`)
}

export function peerPort({ takenTcp, peerPort: port, ruleset = '' }: Facts): Verdict {
  const eater = eaterOfTcp(ruleset, port)
  if (eater !== undefined)
    return failed(`a firewall drops peers' calls to TCP port ${port}: ${eater.what}`, eater.repair)
  if (takenTcp === undefined) return ok(`TCP port ${port} is free`)
  return warning(
    `TCP port ${port} cannot be had${byWhom(takenTcp)}: a transfer takes the next free one`,
    'open the firewall for that one as well, or pass another --peer-port',
  )
}

/** ` (EADDRINUSE): name (pid 12) has it`. */
export function byWhom({ code, holder }: PortFacts): string {
  return holder === undefined ? ` (${code})` : ` (${code}): ${holder} has it`
}

export function managers({ targets }: Facts): Verdict[] {
  return targets.filter(({ kind }) => kind === 'manager').map(reached)
}

export function peers({ targets }: Facts): Verdict[] {
  return targets.filter(({ kind }) => kind === 'peer').map(reached)
}

function reached({ endpoint, error, kind, via }: TargetFacts): Verdict {
  if (error === undefined) return ok(`${endpoint} answers`)
  const port = endpoint.slice(endpoint.lastIndexOf(':') + 1)
  const what = `${endpoint} does not answer: ${error}`
  if (via === undefined) return failed(what, 'ip route, to see which networks can be reached')
  const program = kind === 'manager' ? 'the manager' : 'mcp2p'
  if (/ECONNREFUSED/.test(error)) return failed(what, `start ${program} there, or correct the port`)
  if (/EHOSTUNREACH/.test(error)) return failed(what, 'turn that host on, or correct its address')
  const rule = `nft insert rule inet filter input tcp dport ${port} accept`
  return failed(what, `let TCP port ${port} through the firewall there: ${rule}`)
}
