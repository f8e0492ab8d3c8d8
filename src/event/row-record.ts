import { createByteSource } from './byte-source.ts'
import { type Signal, signals } from './selected-event.ts'
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

/** A row where it stands in a record. */
export class RowOfRecord implements EncodedRow {
  readonly tableId: number
  readonly layout: number
  readonly signal: Signal
  readonly createdAtMs: number
  readonly #record: Buffer
  readonly #start: number
  readonly #end: number

  constructor(
    tableId: number,
    layout: number,
    signal: Signal,
    createdAtMs: number,
    record: Buffer,
    start: number,
    end: number,
  ) {
    this.tableId = tableId
    this.layout = layout
    this.signal = signal
    this.createdAtMs = createdAtMs
    this.#record = record
    this.#start = start
    this.#end = end
  }

  get bytes(): Uint8Array {
    return this.#record.subarray(this.#start, this.#end)
  }
}

export class UnknownRowRecordError extends Error {
  readonly code = 'unknown_row_record'
  override readonly name = 'UnknownRowRecordError'
}

/** Bytes that a row takes in a record; without one, those of a record with no row. */
export function rowRecordBytes(row?: EncodedRow): number {
  return row === undefined ? 1 : rowHeaderBytes + row.bytes.length
}

/** In memory of its own, so that it can be given back, or away to another thread. */
export function encodeRowRecord(rows: readonly EncodedRow[]): Buffer {
  let size = rowRecordBytes()
  for (const row of rows) size += rowRecordBytes(row)
  const payload = Buffer.allocUnsafeSlow(size)
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
 * The rows of a payload; their bytes are views of it, made when they are asked for: delivery has thousands of rows at a
 * time, and a view weighs more than the numbers that it is made from.
 * @throws UnknownRowRecordError for a version that this program does not know, or a payload cut short.
 */
export function decodeRowRecord(payload: Uint8Array): RowOfRecord[] {
  const { bytes: record, view } = createByteSource(payload)
  if (record[0] !== version) throw new UnknownRowRecordError(`row record version ${record[0]} is not known`)
  const rows: RowOfRecord[] = []
  let offset = 1
  while (offset < record.length) {
    const start = offset + rowHeaderBytes
    if (start > record.length) throw new UnknownRowRecordError('row record is cut short')
    const end = start + view.getUint32(offset + 3, true)
    const signal = signals[record[offset + 2] as number]
    if (end > record.length || end - start < 16 || signal === undefined)
      throw new UnknownRowRecordError('row record is cut short')
    const createdAtMs = view.getFloat64(offset + 7, true)
    rows.push(
      new RowOfRecord(
        record[offset] as number,
        record[offset + 1] as number,
        signal,
        createdAtMs,
        record,
        start,
        end,
      ),
    )
    offset = end
  }
  return rows
}
