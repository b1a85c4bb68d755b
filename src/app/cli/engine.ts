// What the command line needs of the engine, each part behind an import that happens when a command
// runs: `mcp2p --help` must not wait for sockets and schemas. Tests put an engine of their own here.

import type {
  CreateMetaOptions,
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
  manage: async () => {
    runPromptly()
    return (await import('../../engine/manager/manage.js')).manage
  },
}
