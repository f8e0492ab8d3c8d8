import { afterEach, beforeEach, expect, it } from 'vitest'
import { migrate, readMigrations } from '../../src/store/migrate.ts'
import { countDifference, rollups } from '../../src/store/rollups.ts'
import { openEmptyStore } from '../support/store.ts'

const migrations = readMigrations(new URL('../../clickhouse', import.meta.url).pathname)
const daySeconds = 86_400

/** Until migration 011 each rollup had a table of its own. */
const formerTable = (name: string) => `ops_upstream_errors_${name}`

let store: Awaited<ReturnType<typeof openEmptyStore>>
const command = (query: string) => store.clients.writer.command({ query })

beforeEach(async () => {
  store = await openEmptyStore()
  await migrate(
    store.clients.writer,
    migrations.filter(({ number }) => number < 11),
  )
  await insertEvents(20_000)
  // What only the counts still know.
  for (const { dimensions, name } of rollups) {
    await command(`INSERT INTO ${formerTable(name)} (bucket, ${dimensions.join(', ')}, events)
      SELECT bucket - INTERVAL 60 DAY, ${dimensions.join(', ')}, events FROM ${formerTable(name)}`)
  }
})
afterEach(() => store.close())

it('are copied with what they counted of events that are deleted, and go on counting', async () => {
  const before = await Promise.all(rollups.map(({ name }) => sumOf(formerTable(name))))
  expect(before).toEqual(rollups.map(() => 40_000))
  await migrate(store.clients.writer, migrations)
  await insertEvents(500)
  await expectCounts(40_500)
})

it.each([7, 9, 12, 15, 16])(
  'are copied once when the copying was cut short after %i statements',
  async (done) => {
    const copying = migrations.find(({ number }) => number === 11)?.statements ?? []
    expect(copying.length).toBe(16)
    for (const statement of copying.slice(0, done)) await command(statement)
    await migrate(store.clients.writer, migrations)
    await insertEvents(500)
    await expectCounts(40_500)
  },
)

it('are dropped once when the dropping was cut short', async () => {
  await migrate(
    store.clients.writer,
    migrations.filter(({ number }) => number < 12),
  )
  await command(migrations.find(({ number }) => number === 12)?.statements[0] ?? '')
  await migrate(store.clients.writer, migrations)
  await expectCounts(40_000)
})

async function expectCounts(events: number): Promise<void> {
  for (const rollup of rollups)
    expect([rollup.name, await sumOf(`${rollup.table} WHERE rollup_name = '${rollup.name}'`)]).toEqual([
      rollup.name,
      events,
    ])
  const from = (Math.floor(Date.now() / 1000 / daySeconds) - 3) * daySeconds
  for (const rollup of rollups)
    expect([
      rollup.name,
      await countDifference(store.clients.writer, rollup, from, from + 5 * daySeconds),
    ]).toEqual([rollup.name, 0])
  const left = await store.rows<{ name: string }>(
    `SELECT name FROM system.tables WHERE database = 'ops' AND name LIKE 'ops_upstream_errors%'`,
  )
  expect(left).toEqual([])
}

async function sumOf(source: string): Promise<number> {
  const [row] = await store.rows<{ events: string | number }>(`SELECT sum(events) AS events FROM ${source}`)
  return Number(row?.events)
}

/** Over the last three hours, with every dimension. */
async function insertEvents(count: number): Promise<void> {
  await command(`INSERT INTO ops_upstream_error_events
    (event_id, created_at, platform, model, status_code, category, kind, account_id, fingerprint)
    SELECT generateUUIDv4(), now64(3) - number % 10800, ['openai', 'anthropic', 'gemini'][number % 3 + 1], concat('m', toString(number % 7)),
      [0, 429, 529, 503][number % 4 + 1], ['rate_limit', 'overloaded'][number % 2 + 1], ['http_error', 'timeout'][intDiv(number, 3) % 2 + 1],
      toString(number % 50), number % 11 FROM numbers(${count})`)
}
