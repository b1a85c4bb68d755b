// `mcp2p manager`: keeps the swarms' registers until it is stopped. The answer is how to name it; what
// it does is said on stderr.

import { readFile } from 'node:fs/promises'
import { formatEndpoint } from '../../../core/base/endpoint.js'
import { Mcp2pError } from '../../../core/base/errors.js'
import type { ManageEvents } from '../../../engine/api.js'
import type { Command, Handlers, Run } from '../run.js'
import { kindOf } from '../source.js'
import { printable } from '../text.js'
import { formatSeconds } from '../units.js'
import { ManagerView } from '../view/manager.js'

export const manager: Command = async run => {
  const { settings } = run
  const httpToken = await tokenIn(settings['http-token-file'])
  const manage = await run.world.engine.manage()
  const job = manage({
    port: settings['manager-port'],
    bind: settings.bind,
    httpHost: settings['http-host'],
    httpPort: settings['http-port'],
    httpToken,
    state: settings.state,
    store: settings.store,
    signal: run.signal,
    progressEveryMillis: run.progressEveryMillis,
  })
  const view = new ManagerView(run.style)
  const result = await run.follow(job, view, handlers(run, view))
  run.screen.note(
    `${formatSeconds(result.seconds)}, ${result.requests} requests; ` +
      `${result.peers} peers in ${result.swarms} swarms are kept`,
  )
  return { document: result }
}

function handlers({ screen }: Run, view: ManagerView): Handlers<ManageEvents> {
  return {
    notice: undefined,
    listening: ({ bind, port, httpHost, httpPort, state, knownPeers }) => {
      const where = bind === undefined ? `port ${port}` : formatEndpoint({ host: bind, port })
      screen.note(`managing swarms on TCP ${where}; kept in ${printable(state)}`)
      screen.note(`HTTP on ${formatEndpoint({ host: httpHost, port: httpPort })}`)
      if (knownPeers > 0) screen.note(`${knownPeers} peers are known from before`)
    },
    progress: progress => view.update(progress),
  }
}

/** Its first line, so that an editor's line end does no harm. */
async function tokenIn(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined
  if ((await kindOf(path)) !== 'file')
    throw new Mcp2pError(
      'NO_TOKEN_FILE',
      'notFound',
      `no such file: ${printable(path)}`,
      'Check the path.',
    )
  const text = await readFile(path, 'utf8').catch(error => {
    const message = `cannot read ${printable(path)} (${error.code})`
    throw new Mcp2pError('UNREADABLE', 'storage', message, 'Check its permissions.', error)
  })
  const token = text.split(/\r?\n/, 1)[0].trim()
  if (token !== '') return token
  const hint = 'Write one, for example with `openssl rand -hex 32`.'
  throw new Mcp2pError('NO_TOKEN', 'usage', `no token in ${printable(path)}`, hint)
}
