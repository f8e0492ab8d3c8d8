import type { FailedStart } from './sidecar-process.ts'

/** README and `src/cli.ts`: 1 for a failure told in one line, 2 for a wrong command line or setting. */
const documentedCodes = [1, 2]
/** Of the log, or of the embedded engine, which writes its own errors to standard error before it throws them. */
const logLine = /^(\{|Code: \d+\. DB::)/

/** I5: what is wrong with the way in which a sidecar ended by itself, or undefined. */
export function exitFault({ exit, stderr }: FailedStart): string | undefined {
  if (exit.signal !== null) return `I5: ended by ${exit.signal}`
  if (!documentedCodes.includes(exit.code ?? -1)) return `I5: ended with code ${exit.code}`
  const told = stderr.split('\n').filter((line) => line !== '' && !logLine.test(line))
  if (told.length === 1 && told[0]?.startsWith('ops-sidecar: ')) return undefined
  return `I5: ended with ${told.length} lines instead of one: ${told.slice(0, 2).join(' | ').slice(0, 200)}`
}
