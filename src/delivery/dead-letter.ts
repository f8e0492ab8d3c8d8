import { mkdir, open, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { uuidText } from '../event/row-binary.ts'
import type { Signal } from '../event/selected-event.ts'
import { type EncodedRow, eventIdOf } from '../event/tables.ts'
import { nodeFileSystem } from '../journal/file-system.ts'

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

export interface RefusedRow {
  readonly row: EncodedRow
  readonly reason: string
}

export function deadLetterPath(directory: string): string {
  return join(directory, 'dead-letter.ndjson')
}

/** Appends rows to the dead-letter file, all or, when it rejects, any of them; durable when it resolves. */
export async function writeDeadLetters(directory: string, refused: readonly RefusedRow[]): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const file = await open(deadLetterPath(directory), 'a+', 0o600)
  try {
    const { size } = await file.stat()
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1))
    // A write that was cut short must not take the next line with it.
    const start = size > 0 && buffer.toString() !== '\n' ? '\n' : ''
    await file.appendFile(start + refused.map((item) => `${JSON.stringify(deadLetter(item))}\n`).join(''))
    await file.datasync()
  } finally {
    await file.close()
  }
  await nodeFileSystem.syncDirectory(directory)
  await nodeFileSystem.syncDirectory(dirname(directory))
}

/**
 * The dead letters of a file, oldest first, each event once: a crash before its batch was done writes it again. Lines
 * that were cut short are left out; [] if there is no such file.
 */
export async function readDeadLetters(path: string): Promise<DeadLetter[]> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  const letters = new Map<string, DeadLetter>()
  for (const line of text.split('\n')) {
    try {
      const letter = JSON.parse(line) as DeadLetter
      letters.set(letter.event_id, letter)
    } catch {
      // Empty, or cut short: written again when the batch was tried again.
    }
  }
  return [...letters.values()]
}

/** The row of a dead letter, to be appended to the journal again. */
export function toRow(letter: DeadLetter): EncodedRow {
  const bytes = Buffer.from(letter.row, 'base64')
  return {
    tableId: letter.table_id,
    layout: letter.layout,
    signal: letter.signal,
    createdAtMs: letter.created_at_ms,
    bytes,
  }
}

function deadLetter({ row, reason }: RefusedRow): DeadLetter {
  return {
    at: new Date().toISOString(),
    event_id: uuidText(eventIdOf(row)),
    reason,
    table_id: row.tableId,
    layout: row.layout,
    signal: row.signal,
    created_at_ms: row.createdAtMs,
    row: Buffer.from(row.bytes).toString('base64'),
  }
}
