import { defineConfig } from 'vitest/config'

/** Tests of many minutes, which are no part of every run: `npm run faults`. */
const long = 'test/**/*.long.test.ts'
const isLong = process.env.MCP2P_LONG === '1'

export default defineConfig({
  test: {
    include: isLong ? [long] : ['test/**/*.test.ts', 'bench/**/*.test.ts'],
    exclude: isLong ? [] : [long],
    testTimeout: 20_000,
    pool: 'forks',
    maxWorkers: 2,
    reporters: ['default', './test/lab/skip-reporter.ts'],
  },
})
