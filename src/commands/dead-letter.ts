import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config.ts'
import { readCheckpoint } from '../delivery/checkpoint.ts'
import { deadLetterPath, readDeadLetters, toRow } from '../delivery/dead-letter.ts'
import { OpsError } from '../errors.ts'
import { encodeRowRecord } from '../event/row-record.ts'
import { lockDataDirectory } from '../lock-data-directory.ts'
import { checkpointPath, openConfiguredJournal } from '../open-configured-journal.ts'

/** Prints the rows that the store refused, one a line, with the reason. */
export async function listDeadLetters(config: Pick<Config, 'dataDir'>, asJson: boolean): Promise<void> {
  const letters = await readDeadLetters(join(config.dataDir, 'dead-letter'))
  for (const letter of letters) {
    const line = asJson
      ? JSON.stringify({ at: letter.at, event_id: letter.event_id, reason: letter.reason })
      : `${letter.at}  ${letter.event_id}  ${letter.reason.replaceAll(/\s+/g, ' ')}`
    process.stdout.write(`${line}\n`)
  }
  if (letters.length === 0 && !asJson) process.stdout.write('no dead letters\n')
}

/**
 * Puts the dead letters back into the journal of a stopped sidecar, which delivers them at its next start, and keeps
 * the old file beside under another name.
 * @throws OpsError `data_dir_in_use` while a sidecar runs there, `journal_full` when the journal does not take them.
 */
export async function retryDeadLetters(config: Config): Promise<void> {
  const directory = join(config.dataDir, 'dead-letter')
  const unlock = await lockDataDirectory(config.dataDir)
  try {
    const letters = await readDeadLetters(directory)
    if (letters.length === 0) {
      process.stdout.write('no dead letters\n')
      return
    }
    const checkpoint = await readCheckpoint(checkpointPath(config))
    const journal = await openConfiguredJournal(config, checkpoint?.delivered ?? 0)
    try {
      for (const letter of letters) {
        const result = await journal.append(encodeRowRecord([toRow(letter)]))
        if (result.status === 'refused')
          throw new OpsError('journal_full', `the journal refuses the rows: ${result.reason}`)
      }
    } finally {
      await journal.close()
    }
    const kept = join(directory, `retried-${new Date().toISOString().replaceAll(':', '-')}.ndjson`)
    await rename(deadLetterPath(directory), kept)
    process.stdout.write(
      `${letters.length} rows are in the journal again; the next start delivers them. Kept: ${kept}\n`,
    )
  } finally {
    unlock()
  }
}
