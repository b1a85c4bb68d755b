// What the command line needs of the engine, each part behind an import that happens when a command
// runs: `mcp2p --help` must not wait for sockets and schemas. Tests put an engine of their own here.

import type {
  CreateMetaOptions,
  DoctorEvents,
  DoctorListenEvents,
  DoctorListenResult,
  DoctorOptions,
  DoctorResult,
  Link,
  ManageEvents,
  ManageOptions,
  ManageResult,
  MetaEvents,
  MetaResult,
  ReceiveEvents,
  ReceiveOptions,
  ReceiveResult,
  SendEvents,
  SendOptions,
  SendResult,
  VerifyResult,
} from '../../engine/api.js'
import type {
  BenchHostEvents,
  BenchHostOptions,
  BenchHostResult,
  BenchReceiveEvents,
  BenchReceiveOptions,
  BenchReceiveResult,
  BenchSendEvents,
  BenchSendOptions,
  BenchSendResult,
} from '../../engine/bench/api.js'
import type { Job } from '../../engine/events.js'
import { runPatiently, runPromptly } from './schedule.js'

export type SendSource = { readonly meta: string } | { readonly paths: string[] }

/** At most one of them; none of them takes the first session that is announced. */
export interface ReceiveSource {
  /** Path of a `.p2pmeta`. */
  readonly meta?: string
  readonly link?: Link
  /** The id, or at least 8 digits of its beginning. */
  readonly id?: string
}

export type CreateMeta = (
  paths: string[],
  options: CreateMetaOptions,
) => Job<MetaEvents, MetaResult>
export type Verify = (
  meta: string,
  dir: string,
  options: { signal?: AbortSignal },
) => Job<MetaEvents, VerifyResult>
export type Send = (source: SendSource, options: SendOptions) => Job<SendEvents, SendResult>
export type Receive = (
  source: ReceiveSource,
  options: ReceiveOptions,
) => Job<ReceiveEvents, ReceiveResult>
export type BenchSend = (options: BenchSendOptions) => Job<BenchSendEvents, BenchSendResult>
export type BenchReceive = (
  options: BenchReceiveOptions,
) => Job<BenchReceiveEvents, BenchReceiveResult>
export type BenchHost = (options: BenchHostOptions) => Job<BenchHostEvents, BenchHostResult>
export type Doctor = (options: DoctorOptions) => Job<DoctorEvents, DoctorResult>
export type DoctorListen = (options: DoctorOptions) => Job<DoctorListenEvents, DoctorListenResult>

export type Manage = (options: ManageOptions) => Job<ManageEvents, ManageResult>

/**
 * Each gives its function, not its job: a job begins in the next microtask, and its listeners have
 * to be there by then.
 */
export interface Engine {
  createMeta(): Promise<CreateMeta>
  verify(): Promise<Verify>
  send(): Promise<Send>
  receive(): Promise<Receive>
  benchSend(): Promise<BenchSend>
  benchReceive(): Promise<BenchReceive>
  benchHost(): Promise<BenchHost>
  doctor(): Promise<Doctor>
  doctorListen(): Promise<DoctorListen>
  manage(): Promise<Manage>
}

export const engine: Engine = {
  createMeta: async () => (await import('../../engine/create-meta.js')).createMeta,
  verify: async () => (await import('../../engine/verify.js')).verify,
  send: async () => {
    runPromptly()
    return (await import('../../engine/send.js')).send
  },
  receive: async () => {
    runPatiently()
    return (await import('../../engine/receive.js')).receive
  },
  benchSend: async () => {
    runPromptly()
    return (await import('../../engine/bench/send.js')).benchSend
  },
  benchHost: async () => (await import('../../engine/bench/host.js')).benchHost,
  benchReceive: async () => (await import('../../engine/bench/recv.js')).benchReceive,
  doctor: async () => (await import('../../engine/doctor/doctor.js')).doctor,
  doctorListen: async () => (await import('../../engine/doctor/listen.js')).doctorListen,
  manage: async () => {
    runPromptly()
    return (await import('../../engine/manager/manage.js')).manage
  },
}
