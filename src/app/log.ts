// The log: pino, one JSON object per line, on stderr and only when asked for. It is imported on the
// first use, since a transfer without -v should not pay for it.

export type LogLevel = 'warn' | 'info' | 'debug' | 'trace'

export type Log = (level: LogLevel, message: string, fields: object) => void

const LEVELS: readonly (LogLevel | 'silent')[] = ['silent', 'info', 'trace']

/** `verbosity` 0 logs nothing, 1 what happens, 2 and more everything. `write` gets whole lines. */
export async function openLog(verbosity: number, write: (line: string) => void): Promise<Log> {
  if (verbosity <= 0) return () => {}
  const { pino } = await import('pino')
  const logger = pino(
    {
      level: LEVELS[Math.min(verbosity, LEVELS.length - 1)],
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
    },
    { write },
  )
  return (level, message, fields) => logger[level](fields, message)
}
