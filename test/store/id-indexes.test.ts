import { afterAll, beforeAll, expect, it } from 'vitest'
import type { StoreClients } from '../../src/store/client.ts'
import { migrate, readMigrations } from '../../src/store/migrate.ts'
import { eventually } from '../support/eventually.ts'
import { type EmptyStore, openEmptyStore } from '../support/store.ts'

const migrations = readMigrations(new URL('../../clickhouse', import.meta.url).pathname)
let store: EmptyStore
let clients: StoreClients

function rows<Row>(query: string): Promise<Row[]> {
  return store.rows(query)
}

beforeAll(async () => {
  store = await openEmptyStore()
  clients = store.clients
})
afterAll(() => store.close())

it('parts from before the indexes of ids came are given them', async () => {
  const before = migrations.filter(({ number }) => number < 8)
  expect(before.length).toBeLessThan(migrations.length)
  await migrate(clients.writer, before)
  for (const table of ['ops_upstream_error_events', 'ops_error_logs']) {
    await clients.writer.command({
      query: `INSERT INTO ${table} (event_id, created_at, request_id)
        SELECT generateUUIDv4(), toDateTime64(now(), 3) - number / 10000, concat('req_', toString(number)) FROM numbers(50000)`,
    })
  }
  await migrate(clients.writer, migrations)
  await eventually(async () =>
    expect(await rows('SELECT command FROM system.mutations WHERE NOT is_done')).toEqual([]),
  )
  for (const table of ['ops_upstream_error_events', 'ops_error_logs']) {
    const plan = await rows<{ explain: string }>(
      `EXPLAIN indexes = 1 SELECT created_at FROM ${table} WHERE request_id = 'req_40000'
        SETTINGS use_skip_indexes_on_data_read = 0`,
    )
    const last = plan.flatMap(({ explain }) => [...explain.matchAll(/Granules: (\d+)\/(\d+)/g)]).at(-1)
    expect(Number(last?.[2])).toBeGreaterThan(16)
    expect(Number(last?.[1])).toBeLessThanOrEqual(9)
  }
})
