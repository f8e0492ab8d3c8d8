import { expect, it } from 'vitest'
import { migrate, readMigrations } from '../../src/store/migrate.ts'
import { eventually } from '../support/eventually.ts'
import { openEmptyStore } from '../support/store.ts'

const migrations = readMigrations(new URL('../../clickhouse', import.meta.url).pathname)

it.each([7, 8, 9])(
  'parts from before the indexes of ids came, or changed, are given them: migration %i',
  async (last) => {
    const store = await openEmptyStore()
    try {
      const { clients, rows } = store
      const before = migrations.filter(({ number }) => number <= last)
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
        const found = plan.flatMap(({ explain }) => [...explain.matchAll(/Granules: (\d+)\/(\d+)/g)])
        expect(Number(found[0]?.[2])).toBeGreaterThan(16)
        expect(Number(found.at(-1)?.[1])).toBeLessThanOrEqual(2)
        const used = plan.flatMap(({ explain }) => /Name: (ix\w+)/.exec(explain)?.[1] ?? [])
        expect(used).toEqual(['ixa_request_id', 'ixb2_request_id', 'ixc2_request_id'])
      }
    } finally {
      await store.close()
    }
  },
)
