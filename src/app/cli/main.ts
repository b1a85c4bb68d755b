#!/usr/bin/env node
// The `mcp2p` command: where the process becomes a world and the exit code becomes its end.

import { compileLater } from './schedule.js'
import { runCommandLine } from './shell.js'
import { processWorld } from './world.js'

compileLater()
const world = processWorld()
let exit: number | undefined

// The loop ran dry although a command still waits for something: silence would look like success.
process.on('beforeExit', () => {
  if (exit !== undefined) return
  world.stderr.write('error: the transfer stalled without a word\n hint: Please report this bug.\n')
  process.exit(1)
})

exit = await runCommandLine(world)
// What is written to a pipe may still be on its way; sockets of the engine may still be open.
process.stdout.write('', () => process.stderr.write('', () => process.exit(exit)))
