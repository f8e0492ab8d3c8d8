import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tables } from '../../src/event/tables.ts'
import type { StoreClients } from '../../src/store/client.ts'
import { migrate, readMigrations } from '../../src/store/migrate.ts'
import { rollups, rollupTable } from '../../src/store/rollups.ts'
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

describe('the migrations', () => {
  it('are applied once, recorded, and skipped afterwards', async () => {
    expect(await migrate(clients.writer, migrations)).toEqual(migrations.map((migration) => migration.number))
    expect(await migrate(clients.writer, migrations)).toEqual([])
  })

  it('are recorded durably, in a table of an older version too, so that a power loss does not have them applied again', async () => {
    const settings = () =>
      rows<{ engine_full: string }>(
        `SELECT engine_full FROM system.tables WHERE database = 'ops' AND name = 'ops_migrations'`,
      )
    const synced = expect.stringContaining('fsync_after_insert = 1, fsync_part_directory = 1')
    expect(await settings()).toEqual([{ engine_full: synced }])

    const last = migrations.at(-1)?.number
    await clients.writer.command({
      query: 'ALTER TABLE ops_migrations RESET SETTING fsync_after_insert, fsync_part_directory',
    })
    await clients.writer.command({
      query: `DELETE FROM ops_migrations WHERE number = ${last}`,
      clickhouse_settings: { mutations_sync: '1' },
    })
    expect(await migrate(clients.writer, migrations)).toEqual([last])
    expect(await settings()).toEqual([{ engine_full: synced }])
  })

  it('refuse a changed one and a store from a newer version', async () => {
    const changed = migrations.map((migration) => ({ ...migration, checksum: 'other' }))
    await expect(migrate(clients.writer, changed)).rejects.toMatchObject({ code: 'migration_changed' })
    await expect(migrate(clients.writer, migrations.slice(1))).rejects.toMatchObject({
      code: 'store_too_new',
    })
  })

  it('are not those of a cluster', async () => {
    const cluster = { name: 'prod', database: 'ops' }
    await expect(migrate(clients.writer, migrations, cluster)).rejects.toMatchObject({
      code: 'invalid_config',
      message: expect.stringContaining('made without a cluster'),
    })
  })

  it('make tables with the columns that the code declares, in order, and batch_id last', async () => {
    for (const table of tables.values()) {
      const declared = table.layouts.get(table.layout)?.map(({ name, type }) => ({ name, type }))
      const actual = await rows<{ name: string; type: string }>(
        `SELECT name, type FROM system.columns WHERE database = 'ops' AND table = '${table.name}' ORDER BY position`,
      )
      expect(actual).toEqual([...(declared ?? []), { name: 'batch_id', type: 'UUID' }])
    }
  })

  it('make the rollups that the code declares', async () => {
    const columnsOf = (condition: string) =>
      rows<{ name: string }>(
        `SELECT name FROM system.columns WHERE database = 'ops' AND table = '${rollupTable}' AND ${condition} ORDER BY name`,
      )
    const dimensions = rollups.flatMap((rollup) => rollup.dimensions)
    const key = [...new Set(['rollup_name', 'bucket', ...dimensions])].sort().map((name) => ({ name }))
    // The engine adds up rows that differ in no column of the key.
    expect(await columnsOf('is_in_sorting_key')).toEqual(key)
    expect(await columnsOf('NOT is_in_sorting_key')).toEqual([{ name: 'events' }])
  })
})
