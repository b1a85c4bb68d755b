// Runs a swarm manager until it is told to stop, as a job like the others: options in, events out.

import { homedir } from 'node:os'
import { join } from 'node:path'
import { Mcp2pError } from '../../core/base/errors.js'
import { scopeOf } from '../../core/base/scope.js'
import type { ManageEvents, ManageOptions, ManageResult } from '../api.js'
import { type Emit, Job } from '../events.js'
import { throwIfAborted } from '../interrupted.js'
import { checkManageOptions } from '../options.js'
import { DEFAULT_MANAGER_PORT, Service } from './service.js'
import { Web } from './web.js'

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
  const state = options.state ?? defaultState()
  const { port = DEFAULT_MANAGER_PORT, bind, signal } = options
  const service = await Service.open({ ...options, state }, notice => emit('notice', notice))
  const web = await openWeb(service, options).catch(async error => {
    await service.close()
    throw error
  })
  const knownPeers = service.registry.peers
  emit('listening', { bind, port, httpHost: web.host, httpPort: web.port, state, knownPeers })
  const every = options.progressEveryMillis ?? PROGRESS_EVERY_MILLIS
  const timer = setInterval(() => emit('progress', service.status()), every)
  await new Promise<void>(resolve => {
    signal?.addEventListener('abort', () => resolve())
    if (signal?.aborted) resolve()
  })
  clearInterval(timer)
  const last = service.status()
  await web.close()
  await service.close()
  return last
}

/** @throws Mcp2pError for a port that is taken, and for others than this machine without a token */
async function openWeb(service: Service, options: ManageOptions): Promise<Web> {
  const { port = DEFAULT_MANAGER_PORT, httpHost = '127.0.0.1', httpToken: token } = options
  if (token === undefined && scopeOf(httpHost) !== 'loopback') {
    const hint = 'Put a secret into a file and pass --http-token-file, or leave --http-host out.'
    const message = `HTTP on ${httpHost} needs a token: without one only this machine may ask`
    throw new Mcp2pError('NO_TOKEN', 'usage', message, hint)
  }
  return Web.open(service, { host: httpHost, port: options.httpPort ?? port + 1, token })
}

/** Where the system keeps what a program wants to find again (XDG base directories). */
function defaultState(): string {
  return join(process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'mcp2p', 'manager')
}
