import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ColumnType, createRowWriter, uuidBytes, uuidText } from '../../src/event/row-binary.ts'
import { type EmptyStore, openEmptyStore } from '../support/store.ts'

const text = fc.string({ unit: 'binary', maxLength: 300 }).filter((value) => value.isWellFormed())
const columns: readonly { name: string; type: ColumnType; value: fc.Arbitrary<unknown> }[] = [
  { name: 'a', type: 'UUID', value: fc.uuid() },
  { name: 'b', type: "DateTime64(3, 'UTC')", value: fc.integer({ min: 0, max: 4_000_000_000_000 }) },
  { name: 'c', type: 'String', value: text },
  { name: 'd', type: 'LowCardinality(String)', value: text },
  { name: 'e', type: 'Bool', value: fc.boolean() },
  { name: 'f', type: 'UInt16', value: fc.integer({ min: 0, max: 65_535 }) },
  { name: 'g', type: 'UInt32', value: fc.integer({ min: 0, max: 0xffffffff }) },
  { name: 'h', type: 'UInt64', value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) },
  { name: 'i', type: 'Nullable(UInt32)', value: fc.option(fc.integer({ min: 0, max: 0xffffffff })) },
  {
    name: 'j',
    type: 'Map(LowCardinality(String), String)',
    value: fc.array(fc.tuple(text, text), { maxLength: 5 }).map((pairs) => new Map(pairs)),
  },
]

let store: EmptyStore
beforeAll(async () => {
  store = await openEmptyStore()
})
afterAll(() => store.close())

describe('the row writer', () => {
  it('writes what the engine reads back', async () => {
    mkdirSync(store.directory, { recursive: true })
    const file = join(store.directory, 'rows.bin')
    const structure = columns.map(({ name, type }) => `${name} ${type.replaceAll("'", "''")}`).join(', ')
    const query = `SELECT a, toUnixTimestamp64Milli(b), c, d, e, f, g, toString(h), i, mapKeys(j), mapValues(j)
      FROM file('${file}', 'RowBinary', '${structure}') SETTINGS output_format_json_quote_64bit_integers = 0`
    const rowsOfValues = fc.array(fc.tuple(...columns.map(({ value }) => value)), {
      minLength: 1,
      maxLength: 20,
    })
    await fc.assert(
      fc.asyncProperty(rowsOfValues, async (rows) => {
        const writer = createRowWriter(16)
        for (const row of rows)
          for (const [index, { type }] of columns.entries()) writer.writerOf(type)(row[index])
        writeFileSync(file, writer.take())
        const result = await store.clients.writer.query({ query, format: 'JSONCompactEachRow' })
        const expected = rows.map(([a, b, c, d, e, f, g, h, i, j]) => {
          const map = j as Map<string, string>
          return [a, b, c, d, e, f, g, String(h), i, [...map.keys()], [...map.values()]]
        })
        expect(await result.json()).toEqual(expected)
      }),
      { numRuns: 60 },
    )
  })

  it('brings numbers outside of a column to its nearest value', () => {
    const writer = createRowWriter()
    for (const value of [-1, 1e9, Number.NaN, 3.9]) writer.writerOf('UInt16')(value)
    expect([...new Uint16Array(new Uint8Array(writer.take()).buffer)]).toEqual([0, 65_535, 0, 3])
  })

  it('writes over the rows of an end only after their memory is given back', () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 90 }), { minLength: 1, maxLength: 12 })
    const exports = fc.array(fc.record({ lengths, late: fc.boolean() }), { minLength: 2, maxLength: 12 })
    fc.assert(
      fc.property(exports, (all) => {
        const writer = createRowWriter(64)
        const held: { rows: Buffer[]; copies: Buffer[]; release: () => void }[] = []
        for (const [index, { lengths: each, late }] of all.entries()) {
          const rows = each.map((length) => {
            writer.writerOf('String')(String.fromCharCode(97 + index).repeat(length))
            return writer.take()
          })
          const release = writer.end()
          held.push({ rows, copies: rows.map((row) => Buffer.from(row)), release })
          for (const { rows: kept, copies } of held)
            expect(kept.map((row) => Buffer.from(row))).toEqual(copies)
          if (!late) held.pop()?.release()
        }
        for (const { release } of held) release()
      }),
    )
    const writer = createRowWriter(64)
    const buffers = Array.from({ length: 5 }, () => {
      writer.writerOf('UInt8')(1)
      const { buffer } = writer.take()
      writer.end()()
      return buffer
    })
    expect(new Set(buffers).size).toBe(2)
  })

  it('turns UUIDs into their bytes and back', () => {
    fc.assert(fc.property(fc.uuid(), (uuid) => uuidText(uuidBytes(uuid)) === uuid))
    expect(() => uuidBytes('nonsense')).toThrow(TypeError)
  })
})
