import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decodeRowRecord,
  encodeRowRecord,
  rowRecordBytes,
  UnknownRowRecordError,
} from '../../src/event/row-record.ts'
import type { EncodedRow } from '../../src/event/tables.ts'

const anyRow: fc.Arbitrary<EncodedRow> = fc.record({
  tableId: fc.integer({ min: 0, max: 255 }),
  layout: fc.integer({ min: 0, max: 255 }),
  signal: fc.constantFrom('traces' as const, 'logs' as const),
  createdAtMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  bytes: fc.uint8Array({ minLength: 16, maxLength: 300 }),
})

const plain = (rows: readonly EncodedRow[]) => rows.map((row) => ({ ...row, bytes: [...row.bytes] }))

describe('a row record', () => {
  it('decodes to the rows that were encoded, in a payload of the size foretold', () => {
    fc.assert(
      fc.property(fc.array(anyRow, { maxLength: 8 }), (rows) => {
        const payload = encodeRowRecord(rows)
        expect(plain(decodeRowRecord(payload))).toEqual(plain(rows))
        expect(payload.length).toBe(rows.reduce((sum, row) => sum + rowRecordBytes(row), rowRecordBytes()))
      }),
    )
  })

  it('is refused when it is cut short inside a row or of an unknown version, and never throws anything else', () => {
    fc.assert(
      fc.property(fc.array(anyRow, { minLength: 1, maxLength: 3 }), fc.nat(), (rows, cut) => {
        const payload = encodeRowRecord(rows)
        const short = payload.subarray(0, cut % payload.length)
        try {
          expect(decodeRowRecord(short).length).toBeLessThan(rows.length)
        } catch (error) {
          expect(error).toBeInstanceOf(UnknownRowRecordError)
        }
      }),
    )
    expect(() => decodeRowRecord(Buffer.from([9]))).toThrow(UnknownRowRecordError)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodeRowRecord(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(UnknownRowRecordError)
        }
      }),
    )
  })
})
