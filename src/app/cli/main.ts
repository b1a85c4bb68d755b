#!/usr/bin/env node
// The `mcp2p` command: where the process becomes a world and the exit code becomes its end.

import { EXIT } from '../../core/base/errors.js'
import { compileLater, sweepRarely } from './schedule.js'
import { runCommandLine } from './shell.js'
import { processWorld } from './world.js'

compileLater()
sweepRarely()
const world = processWorld()
let exit: number | undefined

// The loop ran dry although a command still waits for something: silence would look like success.
process.on('beforeExit', () => {
  if (exit !== undefined) return
  world.stderr.write('error: the transfer stalled without a word\n hint: Please report this bug.\n')
  process.exit(1)
})

// Not awaited here: bundled, a command's file may import this one, and would wait for its end.
void runCommandLine(world).then(code => {
  exit = code
  // What is written to a pipe may still be on its way; sockets of the engine may still be open.
  process.stdout.write('', () => setImmediate(end))
})

/** Only now is it known whether all of the answer was written. */
function end(): void {
  const trouble = world.stdout.trouble()
  if (trouble !== undefined && exit === EXIT.complete) {
    exit = EXIT.storage
    world.stderr.write(`error: the answer could not be written (${trouble})\n hint: Make room.\n`)
  }
  process.stderr.write('', () => process.exit(exit))
}
