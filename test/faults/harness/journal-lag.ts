import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readCheckpoint } from '../../../src/delivery/checkpoint.ts'
import { inspectJournal } from '../../../src/journal/inspect.ts'

/** True when every record of the journal is delivered, by the files alone: it holds for a stopped sidecar too. */
export async function isDelivered(journalDirectory: string): Promise<boolean> {
  const [checkpoint, journal] = await Promise.all([
    readCheckpoint(join(journalDirectory, 'checkpoint.json')),
    inspectJournal(journalDirectory),
  ])
  if (journal.lastSequence === undefined) return true
  return (
    checkpoint !== undefined && checkpoint.frozen === null && checkpoint.delivered >= journal.lastSequence
  )
}

/** Bytes of the segments, those being prepared included. */
export async function journalBytes(journalDirectory: string): Promise<number> {
  const names = await readdir(journalDirectory).catch(() => [])
  const sizes = await Promise.all(
    names
      .filter((name) => /\.(segment|preparing)$/.test(name))
      .map((name) =>
        stat(join(journalDirectory, name)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
