import { mkdir, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { uuidText } from '../event/row-binary.ts'
import type { Signal } from '../event/selected-event.ts'
import type { EncodedRow } from '../event/tables.ts'

/** A row that the store refuses, with the store's reason. The row is redacted, as everything on disk. */
export interface DeadLetter {
  readonly at: string
  readonly event_id: string
  readonly reason: string
  readonly table_id: number
  readonly layout: number
  readonly signal: Signal
  readonly created_at_ms: number
  /** The row's RowBinary in base64. */
  readonly row: string
}

export function deadLetterPath(directory: string): string {
  return join(directory, 'dead-letter.ndjson')
}

/** Appends rows to the dead-letter file; durable when it resolves. */
export async function writeDeadLetters(
  directory: string,
  rows: readonly EncodedRow[],
  reason: string,
): Promise<void> {
  await mkdir(directory, { recursive: true })
  const file = await open(deadLetterPath(directory), 'a', 0o600)
  try {
    await file.appendFile(rows.map((row) => `${JSON.stringify(deadLetter(row, reason))}\n`).join(''))
    await file.datasync()
  } finally {
    await file.close()
  }
}

/** All dead letters, oldest first; lines that a crash cut short are left out. */
export async function readDeadLetters(directory: string): Promise<DeadLetter[]> {
  let text: string
  try {
    text = await readFile(deadLetterPath(directory), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as DeadLetter]
    } catch {
      return []
    }
  })
}

/** The row of a dead letter, to be appended to the journal again. */
export function toRow(letter: DeadLetter): EncodedRow {
  const bytes = Buffer.from(letter.row, 'base64')
  return {
    tableId: letter.table_id,
    layout: letter.layout,
    signal: letter.signal,
    createdAtMs: letter.created_at_ms,
    eventId: bytes.subarray(0, 16),
    bytes,
  }
}

function deadLetter(row: EncodedRow, reason: string): DeadLetter {
  return {
    at: new Date().toISOString(),
    event_id: uuidText(row.eventId),
    reason,
    table_id: row.tableId,
    layout: row.layout,
    signal: row.signal,
    created_at_ms: row.createdAtMs,
    row: Buffer.from(row.bytes).toString('base64'),
  }
}
