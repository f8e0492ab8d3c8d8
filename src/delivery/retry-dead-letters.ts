import { readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { encodeRowRecord } from '../event/row-record.ts'
import type { Journal } from '../journal/journal.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { deadLetterPath, readDeadLetters, toRow } from './dead-letter.ts'

const requested = /^retry-.*\.ndjson$/
const lookIntervalMs = 1000

/**
 * Asks for all dead letters to be delivered again, by renaming their file: the sidecar that has the directory takes
 * them up, whether it runs or starts later.
 * @returns how many there are; 0 when there is none.
 */
export async function requestRetry(directory: string): Promise<number> {
  const letters = await readDeadLetters(deadLetterPath(directory))
  if (letters.length === 0) return 0
  const name = `retry-${new Date().toISOString().replaceAll(':', '-')}.ndjson`
  await rename(deadLetterPath(directory), join(directory, name))
  return letters.length
}

/** Dead letters on their way back into the journal. */
export interface RetriedDeadLetters {
  /**
   * Appends the rows of the requests that came since the last look, at most once a second. A file whose rows are all
   * in the journal is kept beside, as `retried-…`. Never rejects.
   */
  takeUp(): Promise<void>
  /** Rows of records up to this sequence can be stored already: a crash can have cut a request short. */
  readonly appendedUpTo: number
}

/** Only delivery calls it, between two cycles, so that no dead letter is being written to a file that is read here. */
export function createRetriedDeadLetters(
  directory: string,
  journal: Pick<Journal, 'append'>,
  metrics: Metrics,
  log: Logger,
): RetriedDeadLetters {
  let appendedUpTo = 0
  let lookedAtMs = Number.NEGATIVE_INFINITY

  /** Appended one by one: each is known to fit a record. */
  async function append(name: string): Promise<void> {
    const letters = await readDeadLetters(join(directory, name))
    for (const letter of letters) {
      const row = toRow(letter)
      const result = await journal.append(encodeRowRecord([row]))
      if (result.status === 'refused') throw new Error(`the journal refuses the rows: ${result.reason}`)
      appendedUpTo = result.sequence
      metrics.recoveredEvents.inc({ signal: row.signal })
      metrics.pendingEvents.inc({ signal: row.signal })
    }
    await rename(join(directory, name), join(directory, name.replace('retry-', 'retried-')))
    log.info({ rows: letters.length, file: name }, 'dead letters are delivered again')
  }

  return {
    async takeUp() {
      if (performance.now() - lookedAtMs < lookIntervalMs) return
      lookedAtMs = performance.now()
      try {
        const names = await readdir(directory).catch(() => [])
        for (const name of names.filter((each) => requested.test(each)).sort()) await append(name)
      } catch (error) {
        log.warn({ err: error }, 'dead letters cannot be put into the journal; tried again')
      }
    },
    get appendedUpTo() {
      return appendedUpTo
    },
  }
}
