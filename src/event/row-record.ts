import { createByteSource } from './byte-source.ts'
import { signals } from './selected-event.ts'
import type { EncodedRow } from './tables.ts'

/**
 * The rows of one export as a journal record's payload:
 *
 *     u8 version | then per row: u8 table, u8 layout, u8 signal, u32 length, f64 created_at in ms, the row's bytes
 *
 * little endian. The event id is the row's first 16 bytes.
 */
const version = 1
const rowHeaderBytes = 15

export class UnknownRowRecordError extends Error {
  readonly code = 'unknown_row_record'
  override readonly name = 'UnknownRowRecordError'
}

/** Bytes that a row takes in a record; without one, those of a record with no row. */
export function rowRecordBytes(row?: EncodedRow): number {
  return row === undefined ? 1 : rowHeaderBytes + row.bytes.length
}

export function encodeRowRecord(rows: readonly EncodedRow[]): Buffer {
  let size = rowRecordBytes()
  for (const row of rows) size += rowRecordBytes(row)
  const payload = Buffer.allocUnsafe(size)
  const { view } = createByteSource(payload)
  payload[0] = version
  let offset = rowRecordBytes()
  for (const row of rows) {
    payload[offset] = row.tableId
    payload[offset + 1] = row.layout
    payload[offset + 2] = signals.indexOf(row.signal)
    view.setUint32(offset + 3, row.bytes.length, true)
    view.setFloat64(offset + 7, row.createdAtMs, true)
    payload.set(row.bytes, offset + rowHeaderBytes)
    offset += rowHeaderBytes + row.bytes.length
  }
  return payload
}

/**
 * The rows of a payload; their bytes are views of it.
 * @throws UnknownRowRecordError for a version that this program does not know, or a payload cut short.
 */
export function decodeRowRecord(payload: Uint8Array): EncodedRow[] {
  const { bytes: record, view } = createByteSource(payload)
  if (record[0] !== version) throw new UnknownRowRecordError(`row record version ${record[0]} is not known`)
  const rows: EncodedRow[] = []
  let offset = 1
  while (offset < record.length) {
    const start = offset + rowHeaderBytes
    if (start > record.length) throw new UnknownRowRecordError('row record is cut short')
    const end = start + view.getUint32(offset + 3, true)
    const signal = signals[record[offset + 2] as number]
    if (end > record.length || end - start < 16 || signal === undefined)
      throw new UnknownRowRecordError('row record is cut short')
    rows.push({
      tableId: record[offset] as number,
      layout: record[offset + 1] as number,
      signal,
      createdAtMs: view.getFloat64(offset + 7, true),
      bytes: record.subarray(start, end),
    })
    offset = end
  }
  return rows
}
