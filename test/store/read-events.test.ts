import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  eventColumns,
  lightColumns,
  readEvents,
  selectColumns,
} from '../../src/store/queries/event-columns.ts'
import { createStoreReader, type StoreReader } from '../../src/store/query.ts'
import { openTestStore, type TestStore } from '../support/store.ts'

let store: TestStore
let reader: StoreReader
beforeAll(async () => {
  store = await openTestStore()
  reader = createStoreReader(store.clients, { timeoutMs: 10_000, maxMemoryBytes: 2 ** 28 })
})
afterAll(() => store.close())

describe('an event that is read', () => {
  it.each([
    ['18446744073709551615', 'ffffffffffffffff'],
    ['9007199254740993', '0020000000000001'],
    ['255', '00000000000000ff'],
    ['0', '0000000000000000'],
  ])('has all bits of its fingerprint, as 16 hex digits: %s', async (number, hex) => {
    const id = randomUUID()
    await store.clients.writer.command({
      query: `INSERT INTO ops_upstream_error_events (event_id, created_at, fingerprint) SELECT '${id}', now64(3), ${number}`,
    })
    for (const columns of [lightColumns, ['fingerprint']]) {
      const events = await readEvents(reader.run, {
        sql: `SELECT ${selectColumns(columns)} FROM ops_upstream_error_events WHERE event_id = {id:UUID}`,
        params: { id },
      })
      expect(events.map(({ fingerprint }) => fingerprint)).toEqual([hex])
    }
  })

  it.each([
    ['all columns', eventColumns],
    ['those of a list', lightColumns],
    ['a few', ['event_id', 'created_at', 'platform']],
    ['one', ['error_message']],
  ])('has the columns that were asked for and no other: %s', async (_, columns) => {
    const [event] = await readEvents(reader.run, {
      sql: `SELECT ${selectColumns(columns)} FROM ops_upstream_error_events LIMIT 1`,
      params: {},
    })
    expect(Object.keys(event ?? {})).toEqual(columns)
  })
})
