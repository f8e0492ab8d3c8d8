import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toBatch } from '../../src/delivery/freeze-cycle.ts'
import { retentionOf, retentionStatements } from '../../src/store/apply-retention.ts'
import { addDifference, countDifference, rollups } from '../../src/store/rollups.ts'
import { row } from '../support/rows.ts'
import { openTestStore, type TestStore } from '../support/store.ts'

const dayMs = 86_400_000
let store: TestStore
beforeAll(async () => {
  store = await openTestStore()
})
afterAll(() => store.close())

describe('retention', () => {
  it('needs no statement for what the migrations set up', async () => {
    expect(await retentionStatements(store.clients.writer, retentionOf(30 * dayMs, 7 * dayMs))).toEqual([])
  })

  it('is changed by settings, once, and blanks bodies before their rows are deleted', async () => {
    const wanted = retentionOf(20 * dayMs, 2 * dayMs)
    const statements = await retentionStatements(store.clients.writer, wanted)
    expect(statements).toHaveLength(2)
    for (const query of statements) await store.clients.writer.command({ query })
    expect(await retentionStatements(store.clients.writer, wanted)).toEqual([])

    const body = { response_body: 'the answer', response_body_bytes: 10 }
    for (const days of [0, 5, 25]) {
      const batch = toBatch(`00000000-0000-4000-8000-0000000000${String(days).padStart(2, '0')}`, [
        row(`age-${days}`, Date.now() - days * dayMs, body),
      ])
      expect(await store.delivery.insert(batch, batch.id)).toEqual({ status: 'stored' })
    }
    await store.clients.writer.command({ query: 'OPTIMIZE TABLE ops_upstream_error_events FINAL' })
    expect(
      await store.rows(
        'SELECT request_id, response_body, response_body_bytes FROM ops_upstream_error_events ORDER BY request_id',
      ),
    ).toEqual([
      { request_id: 'age-0', response_body: 'the answer', response_body_bytes: 10 },
      { request_id: 'age-5', response_body: '', response_body_bytes: 10 },
    ])
  })

  it('keeps bodies no longer than rows', () => {
    expect(retentionOf(3 * dayMs, 7 * dayMs)).toEqual({ rowDays: 3, bodyDays: 3 })
    expect(retentionOf(1.5 * dayMs, dayMs)).toEqual({ rowDays: 2, bodyDays: 1 })
  })
})

describe('the rollups', () => {
  it('are found to differ from the events, and are corrected in both directions', async () => {
    const [rollup] = rollups
    if (rollup === undefined) throw new Error('there is no rollup')
    const from = Math.floor(Date.now() / dayMs) * 86_400 - 86_400
    const differ = () => countDifference(store.clients.writer, rollup, from, from + 3 * 86_400)
    expect(await differ()).toBe(0)
    await store.clients.writer.command({
      query: `INSERT INTO ${rollup.table} (rollup_name, bucket, platform, status_code, category, kind, events)
        SELECT '${rollup.name}', toStartOfMinute(now()), 'ghost', 500, 'server_error', 'http_error', 7`,
    })
    await store.clients.writer.command({
      query: `INSERT INTO ${rollup.table} SELECT * REPLACE (-1 AS events) FROM ${rollup.table}
        WHERE rollup_name = '${rollup.name}' AND platform = 'openai' AND bucket >= toDateTime(${from}) LIMIT 1`,
    })
    expect(await differ()).toBe(2)
    expect(await addDifference(store.clients.writer, rollup, from, from + 3 * 86_400)).toBe(2)
    expect(await differ()).toBe(0)
  })

  it('outlive the events, by the minute for 90 days and by the hour for 400', async () => {
    const { writer } = store.clients
    const table = 'ops_upstream_error_counts'
    await writer.command({ query: `TRUNCATE TABLE ${table}` })
    for (const days of [80, 100, 390, 410])
      await writer.command({
        query: `INSERT INTO ${table} (rollup_name, bucket, events) SELECT ['1m', '1h_model', '6h_group_model'][number + 1], toStartOfDay(now()) - INTERVAL ${days} DAY, ${days} FROM numbers(3)`,
      })
    await writer.command({ query: `OPTIMIZE TABLE ${table} FINAL` })
    expect(
      await store.rows(
        `SELECT rollup_name, groupArray(events) AS days FROM (SELECT * FROM ${table} ORDER BY events) GROUP BY rollup_name ORDER BY rollup_name`,
      ),
    ).toEqual([
      { rollup_name: '1h_model', days: [80, 100, 390] },
      { rollup_name: '1m', days: [80] },
      { rollup_name: '6h_group_model', days: [80, 100, 390] },
    ])
  })
})
