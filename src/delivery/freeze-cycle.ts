import { randomUUID } from 'node:crypto'
import type { Batch } from '../event/batch.ts'
import { uuidBytes } from '../event/row-binary.ts'
import { decodeRowRecord } from '../event/row-record.ts'
import { type EncodedRow, tables } from '../event/tables.ts'
import type { JournalRecord } from '../journal/journal.ts'
import type { FrozenBatch, FrozenCycle } from './checkpoint.ts'

export interface BatchLimits {
  readonly maxRows: number
  readonly maxBytes: number
}

/** A batch with the rows that it was made from. */
export interface BatchOfRows extends Batch {
  readonly rows: readonly EncodedRow[]
}

/** All rows of the records, in order. @throws UnknownRowRecordError for a record that this version cannot read. */
export function rowsOf(records: readonly JournalRecord[]): EncodedRow[] {
  return records.flatMap((record) => decodeRowRecord(record.payload))
}

/**
 * Cuts rows into batches of one table, one layout and one partition each: an insert over several partitions is not
 * atomic. The same rows, limits and exclusions always give the same batches in the same order.
 */
export function cutBatches(
  rows: readonly EncodedRow[],
  excluded: ReadonlySet<number>,
  limits: BatchLimits,
): EncodedRow[][] {
  const open = new Map<string, { rows: EncodedRow[]; bytes: number }>()
  const cut: EncodedRow[][] = []
  for (const [position, row] of rows.entries()) {
    if (excluded.has(position)) continue
    const table = tables.get(row.tableId)
    if (table === undefined)
      throw new Error(`journal row of table ${row.tableId}, which this version does not know`)
    const key = `${row.tableId}/${row.layout}/${table.partitionStart(row.createdAtMs)}`
    let group = open.get(key)
    if (
      group === undefined ||
      group.rows.length >= limits.maxRows ||
      group.bytes + row.bytes.length > limits.maxBytes
    ) {
      group = { rows: [], bytes: 0 }
      open.set(key, group)
      cut.push(group.rows)
    }
    group.rows.push(row)
    group.bytes += row.bytes.length
  }
  return cut
}

export function newBatchIds(cut: readonly EncodedRow[][]): FrozenBatch[] {
  return cut.map((rows) => ({ id: randomUUID(), rowCount: rows.length }))
}

/** The batch that these rows make under this id. */
export function toBatch(id: string, rows: readonly EncodedRow[]): BatchOfRows {
  const first = rows[0] as EncodedRow
  const table = tables.get(first.tableId)
  const columns = table?.layouts.get(first.layout)
  if (table === undefined || columns === undefined) {
    throw new Error(
      `journal row of table ${first.tableId} layout ${first.layout}, which this version does not know`,
    )
  }
  let minCreatedAtMs = Number.POSITIVE_INFINITY
  let maxCreatedAtMs = Number.NEGATIVE_INFINITY
  for (const row of rows) {
    minCreatedAtMs = Math.min(minCreatedAtMs, row.createdAtMs)
    maxCreatedAtMs = Math.max(maxCreatedAtMs, row.createdAtMs)
  }
  return {
    id,
    table: table.name,
    columns,
    rowCount: rows.length,
    minCreatedAtMs,
    maxCreatedAtMs,
    chunks: chunksOf(rows, uuidBytes(id)),
    rows,
  }
}

/**
 * Not one buffer for all: the C library keeps what was freed for the next of its size, once it has seen a large one go.
 * Source: M_MMAP_THRESHOLD and M_TRIM_THRESHOLD in mallopt(3).
 */
const chunkBytes = 1024 * 1024

/** The rows, each with the batch's id behind it, in buffers that hold nothing else. */
function chunksOf(rows: readonly EncodedRow[], batchId: Uint8Array): Uint8Array[] {
  const chunks: Uint8Array[] = []
  let first = 0
  let bytes = 0
  for (const [index, row] of rows.entries()) {
    bytes += row.bytes.length + batchId.length
    if (bytes < chunkBytes && index < rows.length - 1) continue
    chunks.push(chunkOf(rows, first, index + 1, batchId, bytes))
    first = index + 1
    bytes = 0
  }
  return chunks
}

function chunkOf(
  rows: readonly EncodedRow[],
  first: number,
  end: number,
  batchId: Uint8Array,
  bytes: number,
): Uint8Array {
  const chunk = Buffer.allocUnsafeSlow(bytes)
  let offset = 0
  for (let index = first; index < end; index++) {
    const row = (rows[index] as EncodedRow).bytes
    chunk.set(row, offset)
    offset += row.length
    for (let i = 0; i < batchId.length; i++) chunk[offset++] = batchId[i] as number
  }
  return chunk
}

/** The batches of a cycle that was frozen before, from the journal's records. Undefined when they are not the same. */
export function thawBatches(cycle: FrozenCycle, rows: readonly EncodedRow[]): BatchOfRows[] | undefined {
  const cut = cutBatches(rows, new Set(cycle.excluded), cycle)
  if (cut.length !== cycle.batches.length) return undefined
  const batches: BatchOfRows[] = []
  for (const [index, rowsOfBatch] of cut.entries()) {
    const frozen = cycle.batches[index]
    if (frozen === undefined || frozen.rowCount !== rowsOfBatch.length) return undefined
    batches.push(toBatch(frozen.id, rowsOfBatch))
  }
  return batches
}
