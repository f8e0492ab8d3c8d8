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
  const size = rows.reduce((sum, row) => sum + rowRecordBytes(row), rowRecordBytes())
  const payload = Buffer.allocUnsafe(size)
  let offset = payload.writeUInt8(version, 0)
  for (const row of rows) {
    offset = payload.writeUInt8(row.tableId, offset)
    offset = payload.writeUInt8(row.layout, offset)
    offset = payload.writeUInt8(signals.indexOf(row.signal), offset)
    offset = payload.writeUInt32LE(row.bytes.length, offset)
    offset = payload.writeDoubleLE(row.createdAtMs, offset)
    payload.set(row.bytes, offset)
    offset += row.bytes.length
  }
  return payload
}

/**
 * The rows of a payload; their bytes are views of it.
 * @throws UnknownRowRecordError for a version that this program does not know, or a payload cut short.
 */
export function decodeRowRecord(payload: Uint8Array): EncodedRow[] {
  const view = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  if (view[0] !== version) throw new UnknownRowRecordError(`row record version ${view[0]} is not known`)
  const rows: EncodedRow[] = []
  let offset = 1
  while (offset < view.length) {
    if (offset + rowHeaderBytes > view.length) throw new UnknownRowRecordError('row record is cut short')
    const start = offset + rowHeaderBytes
    const end = start + view.readUInt32LE(offset + 3)
    const signal = signals[view.readUInt8(offset + 2)]
    if (end > view.length || end - start < 16 || signal === undefined)
      throw new UnknownRowRecordError('row record is cut short')
    const bytes = view.subarray(start, end)
    rows.push({
      tableId: view.readUInt8(offset),
      layout: view.readUInt8(offset + 1),
      signal,
      createdAtMs: view.readDoubleLE(offset + 7),
      eventId: bytes.subarray(0, 16),
      bytes,
    })
    offset = end
  }
  return rows
}
