// `mcp2p manager`: keeps the swarms' registers until it is stopped. The answer is how to name it; what
// it does is said on stderr.

import { formatEndpoint } from '../../../core/base/endpoint.js'
import type { ManageEvents } from '../../../engine/api.js'
import type { Command, Handlers, Run } from '../run.js'
import { printable } from '../text.js'
import { formatSeconds } from '../units.js'
import { ManagerView } from '../view/manager.js'

export const manager: Command = async run => {
  const { settings } = run
  const manage = await run.world.engine.manage()
  const job = manage({
    port: settings['manager-port'],
    bind: settings.bind,
    state: settings.state,
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
    listening: ({ bind, port, state, knownPeers }) => {
      const where = bind === undefined ? `port ${port}` : formatEndpoint({ host: bind, port })
      screen.note(`managing swarms on TCP ${where}; kept in ${printable(state)}`)
      if (knownPeers > 0) screen.note(`${knownPeers} peers are known from before`)
    },
    progress: progress => view.update(progress),
  }
}
