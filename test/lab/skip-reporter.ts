// Counts the tests that did not run and says so in the last lines of every run.

import type { Reporter, TestModule } from 'vitest/node'

export default class SkipReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const perFile = new Map<string, number>()
    for (const module of modules) {
      const skipped = [...module.children.allTests('skipped')].length
      if (skipped > 0) perFile.set(module.relativeModuleId, skipped)
    }
    const total = [...perFile.values()].reduce((sum, count) => sum + count, 0)
    if (total === 0) {
      process.stdout.write('\n Skipped: nothing, this machine ran every test\n')
      return
    }
    process.stdout.write(`\n SKIPPED: ${total} tests did NOT run on this machine\n`)
    for (const [file, count] of perFile) process.stdout.write(`   ${count} in ${file}\n`)
  }
}
