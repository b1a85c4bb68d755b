// From words to an exit code: grammar, settings, command. Nothing that goes wrong gets past here
// without its two lines and its code.

import { EXIT } from '../../core/base/errors.js'
import { asMcp2pError, errorLines } from './exit.js'
import { JsonOutput } from './json.js'
import type { CommandName } from './option-spec.js'
import { parseCommandLine } from './program.js'
import { type Command, runCommand, styleFor } from './run.js'
import { resolveSettings } from './settings.js'
import { versionText } from './version.js'
import type { World } from './world.js'

/** Imported when run, so that help is there at once. */
const COMMANDS: Readonly<Record<CommandName, () => Promise<Command>>> = {
  bench: async () => (await import('./commands/bench.js')).bench,
  config: async () => (await import('./commands/config.js')).config,
  doctor: async () => (await import('./commands/doctor.js')).doctor,
  manager: async () => (await import('./commands/manager.js')).manager,
  meta: async () => (await import('./commands/meta.js')).meta,
  recv: async () => (await import('./commands/recv.js')).recv,
  send: async () => (await import('./commands/send.js')).send,
  verify: async () => (await import('./commands/verify.js')).verify,
}

/** Runs the world's command line to its end and returns the exit code. */
export async function runCommandLine(world: World): Promise<number> {
  const own = world.args.findIndex(word => !word.startsWith('-'))
  const leading = own === -1 ? world.args : world.args.slice(0, own)
  try {
    if (leading.some(word => word === '--version' || /^-[vV]*V[vV]*$/.test(word))) {
      const isVerbose = leading.some(word => /^(--verbose|-V*v[vV]*)$/.test(word))
      world.stdout.write(await versionText(isVerbose))
      return EXIT.complete
    }
    const parsed = await parseCommandLine(world)
    if ('exit' in parsed) return parsed.exit
    const resolved = await resolveSettings(parsed.command, parsed.flags, world.env)
    const command = { name: parsed.command, run: await COMMANDS[parsed.command]() }
    return await runCommand(world, resolved, command, parsed.args)
  } catch (thrown) {
    return reportEarly(world, thrown)
  }
}

/** Before there are settings: the flags are looked for among the plain words. */
function reportEarly(world: World, thrown: unknown): number {
  const error = asMcp2pError(thrown)
  const has = (flag: string) => world.args.includes(flag)
  const mode = has('--json-stream') ? 'stream' : has('--json') ? 'document' : 'none'
  new JsonOutput(mode, text => world.stdout.write(text), world.now).error(error, EXIT[error.exit])
  const letters = world.args.filter(word => /^-v+$/.test(word)).join('')
  const verbosity = letters.replaceAll('-', '').length
  for (const line of errorLines(error, styleFor(world, {}), verbosity)) {
    world.stderr.write(`${line}\n`)
  }
  return EXIT[error.exit]
}
