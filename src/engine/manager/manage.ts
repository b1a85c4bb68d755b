// Runs a swarm manager until it is told to stop, as a job like the others: options in, events out.

import { homedir } from 'node:os'
import { join } from 'node:path'
import type { ManageEvents, ManageOptions, ManageResult } from '../api.js'
import { type Emit, Job } from '../events.js'
import { throwIfAborted } from '../interrupted.js'
import { checkManageOptions } from '../options.js'
import { DEFAULT_MANAGER_PORT, Service } from './service.js'

const PROGRESS_EVERY_MILLIS = 500

/** Starts a manager. `done` resolves when `signal` aborts, and rejects when it cannot begin. */
export function manage(options: ManageOptions = {}): Job<ManageEvents, ManageResult> {
  return new Job(async emit => {
    checkManageOptions(options)
    throwIfAborted(options.signal)
    return run(options, emit)
  })
}

async function run(options: ManageOptions, emit: Emit<ManageEvents>): Promise<ManageResult> {
  const startedAt = performance.now()
  const state = options.state ?? defaultState()
  const { port = DEFAULT_MANAGER_PORT, bind, signal } = options
  const service = await Service.open({ ...options, state }, notice => emit('notice', notice))
  const result = (): ManageResult => ({
    seconds: (performance.now() - startedAt) / 1000,
    swarms: service.registry.swarms,
    peers: service.registry.peers,
    metas: service.metas.count,
    requests: service.counts.requests,
    errors: service.counts.errors,
  })
  emit('listening', { bind, port, state, knownPeers: service.registry.peers })
  const every = options.progressEveryMillis ?? PROGRESS_EVERY_MILLIS
  const timer = setInterval(() => emit('progress', result()), every)
  await new Promise<void>(resolve => {
    signal?.addEventListener('abort', () => resolve())
    if (signal?.aborted) resolve()
  })
  clearInterval(timer)
  const last = result()
  await service.close()
  return last
}

/** Where the system keeps what a program wants to find again (XDG base directories). */
function defaultState(): string {
  return join(process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'mcp2p', 'manager')
}
