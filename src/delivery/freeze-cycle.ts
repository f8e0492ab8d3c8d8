import { randomUUID } from 'node:crypto'
import type { Batch } from '../event/batch.ts'
import { uuidBytes } from '../event/row-binary.ts'
import { decodeRowRecord } from '../event/row-record.ts'
import { type EncodedRow, tables } from '../event/tables.ts'
import type { JournalRecord } from '../journal/journal.ts'
import type { FrozenBatch, FrozenCycle } from './checkpoint.ts'
import { eachInTurns } from './take-turns.ts'

export interface BatchLimits {
  readonly maxRows: number
  readonly maxBytes: number
}

/** A batch with the rows that it was made from. */
export interface BatchOfRows extends Batch {
  readonly rows: readonly EncodedRow[]
}

interface OpenBatch {
  readonly tableId: number
  readonly layout: number
  readonly partitionStart: number
  readonly rows: EncodedRow[]
  bytes: number
}

/** All rows of the records, in order. Rejects with UnknownRowRecordError for a record that this version cannot read. */
export async function rowsOf(records: readonly JournalRecord[]): Promise<EncodedRow[]> {
  const rows: EncodedRow[] = []
  await eachInTurns(records, (record) => {
    const rowsOfRecord = decodeRowRecord(record.payload)
    for (const row of rowsOfRecord) rows.push(row)
    return rowsOfRecord.length
  })
  return rows
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
  const open = new Map<string, OpenBatch>()
  const cut: EncodedRow[][] = []
  let last: OpenBatch | undefined
  for (const [position, row] of rows.entries()) {
    if (excluded.has(position)) continue
    const { tableId, layout, createdAtMs, bytes } = row
    const table = tables.get(tableId)
    if (table === undefined)
      throw new Error(`journal row of table ${tableId}, which this version does not know`)
    const partitionStart = table.partitionStart(createdAtMs)
    // Mostly the one of the row before, without a key made of text.
    let batch: OpenBatch | undefined
    if (last?.partitionStart === partitionStart && last.tableId === tableId && last.layout === layout)
      batch = last
    else batch = open.get(`${tableId}/${layout}/${partitionStart}`)
    if (
      batch === undefined ||
      batch.rows.length >= limits.maxRows ||
      batch.bytes + bytes.length > limits.maxBytes
    ) {
      batch = { tableId, layout, partitionStart, rows: [], bytes: 0 }
      open.set(`${tableId}/${layout}/${partitionStart}`, batch)
      cut.push(batch.rows)
    }
    batch.rows.push(row)
    batch.bytes += bytes.length
    last = batch
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
  let bytes = 0
  for (const row of rows) {
    minCreatedAtMs = Math.min(minCreatedAtMs, row.createdAtMs)
    maxCreatedAtMs = Math.max(maxCreatedAtMs, row.createdAtMs)
    bytes += row.bytes.length + batchIdBytes
  }
  return {
    id,
    table: table.name,
    columns,
    rowCount: rows.length,
    minCreatedAtMs,
    maxCreatedAtMs,
    bytes,
    chunks: { [Symbol.iterator]: () => chunksOf(rows, uuidBytes(id)) },
    rows,
  }
}

const batchIdBytes = 16

/** Filled in a tenth of a millisecond, so that exports are not held up by an insert. */
const chunkBytes = 256 * 1024

/** The rows, each with the batch's id behind it, in one buffer that is filled again for each chunk. */
function* chunksOf(rows: readonly EncodedRow[], batchId: Uint8Array): Generator<Uint8Array> {
  let chunk = Buffer.allocUnsafeSlow(chunkBytes)
  let filled = 0
  for (const { bytes } of rows) {
    const wanted = bytes.length + batchIdBytes
    if (filled > 0 && filled + wanted > chunk.length) {
      yield chunk.subarray(0, filled)
      filled = 0
    }
    if (wanted > chunk.length) chunk = Buffer.allocUnsafeSlow(wanted)
    chunk.set(bytes, filled)
    filled += bytes.length
    for (let i = 0; i < batchIdBytes; i++) chunk[filled++] = batchId[i] as number
  }
  if (filled > 0) yield chunk.subarray(0, filled)
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
