import { join } from 'node:path'
import type { Config } from '../config.ts'
import { deadLetterPath, readDeadLetters } from '../delivery/dead-letter.ts'
import { requestRetry } from '../delivery/retry-dead-letters.ts'

/** Where rows that the store refused for good are kept. */
export function deadLetterDirectory(config: Pick<Config, 'dataDir'>): string {
  return join(config.dataDir, 'dead-letter')
}

/** Prints the rows that the store refused, one a line, with the reason. */
export async function listDeadLetters(config: Pick<Config, 'dataDir'>, asJson: boolean): Promise<void> {
  const letters = await readDeadLetters(deadLetterPath(deadLetterDirectory(config)))
  for (const letter of letters) {
    const line = asJson
      ? JSON.stringify({ at: letter.at, event_id: letter.event_id, reason: letter.reason })
      : `${letter.at}  ${letter.event_id}  ${letter.reason.replaceAll(/\s+/g, ' ')}`
    process.stdout.write(`${line}\n`)
  }
  if (letters.length === 0 && !asJson) process.stdout.write('no dead letters\n')
}

/** Gives the dead letters back to the sidecar of the data directory, which may run. */
export async function retryDeadLetters(config: Pick<Config, 'dataDir'>): Promise<void> {
  const rows = await requestRetry(deadLetterDirectory(config))
  process.stdout.write(
    rows === 0
      ? 'no dead letters\n'
      : `${rows} rows are given back: a running sidecar takes them within seconds, else its next start does\n`,
  )
}
