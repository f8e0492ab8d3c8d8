import { afterAll, beforeAll, expect, it } from 'vitest'
import { openStoreClients, type StoreClients } from '../../src/store/client.ts'
import { migrate, readMigrations } from '../../src/store/migrate.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryDirectory, testConfig } from '../support/sidecar.ts'

const migrations = readMigrations(new URL('../../clickhouse', import.meta.url).pathname)
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let clients: StoreClients

async function rows<Row>(query: string): Promise<Row[]> {
  return (await clients.writer.query({ query, format: 'JSONEachRow' })).json<Row>()
}

beforeAll(async () => {
  directory = await temporaryDirectory()
  clients = await openStoreClients(testConfig(directory.path))
})
afterAll(async () => {
  await clients.close()
  await directory.remove()
})

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
