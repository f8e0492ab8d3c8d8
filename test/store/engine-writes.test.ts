import { randomBytes, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toBatch } from '../../src/delivery/freeze-cycle.ts'
import { reconcile } from '../../src/delivery/reconcile.ts'
import { createDeliveryStore } from '../../src/store/delivery-store.ts'
import { createInsertBatch } from '../../src/store/insert-batch.ts'
import { differenceSql, rollups } from '../../src/store/rollups.ts'
import { withFileSizeLimit } from '../support/file-size-limit.ts'
import { row } from '../support/rows.ts'
import { openTestStore, type TestStore } from '../support/store.ts'

const events = 'ops_upstream_error_events'

let store: TestStore
beforeAll(async () => {
  store = await openTestStore()
})
afterAll(() => store.close())

function batchOf(size: number) {
  const id = randomUUID()
  const rows = Array.from({ length: size }, (_, index) =>
    row(`${id}-${index}`, Date.now(), { request_body: randomBytes(600).toString('base64') }),
  )
  return toBatch(id, rows)
}

async function insert(size: number): Promise<void> {
  const batch = batchOf(size)
  expect(await store.delivery.insert(batch, batch.id)).toEqual({ status: 'stored' })
}

const command = (query: string) => store.clients.writer.command({ query })

/** Where a merge of the engine's own has the parts, there is nothing to merge until it has ended. */
async function merge(table: string): Promise<void> {
  for (;;) {
    try {
      await command(`OPTIMIZE TABLE ${table} FINAL SETTINGS optimize_throw_if_noop = 1`)
      return
    } catch (error) {
      if (!/CANNOT_ASSIGN_OPTIMIZE/.test(String((error as { type?: string }).type))) throw error
      await sleep(10)
    }
  }
}

/** What a merge writes beyond so many bytes of a file is lost. It ends well, unless it reads one of its own files again. */
async function mergeCutShort(table: string, bytes: number): Promise<void> {
  await withFileSizeLimit(bytes, () => merge(table)).catch((error: { type?: string }) => {
    if (error.type !== 'CANNOT_READ_ALL_DATA') throw error
  })
}

/** Of every column of every row. */
const contents = (table: string) =>
  store.rows(`SELECT count() AS rows, toString(sum(cityHash64(*))) AS hash FROM ${table}`)

async function expectRollupsAgree(): Promise<void> {
  for (const rollup of rollups) expect(await store.rows(differenceSql(rollup, 0, 4_000_000_000))).toEqual([])
}

describe.skipIf(process.platform !== 'linux')('writes of the embedded engine that fail', () => {
  it('lose nothing that a merge wrote short, wherever its files were cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 50_000 }), async (bytes) => {
        for (const size of [30, 1, 50]) await insert(size)
        const before = await contents(events)
        await mergeCutShort(events, bytes)

        await expect(store.clients.writes.confirm()).rejects.toThrow('writes of the embedded engine failed')
        await store.clients.writes.mend()
        await store.clients.writes.confirm()
        expect(await contents(events)).toEqual(before)
        await expectRollupsAgree()
      }),
      // A smaller example would meet what the first one has left.
      { numRuns: 4, endOnFailure: true },
    )
  })

  it('are noticed when a merge ends with files of no length, and queries answer again', async () => {
    await insert(20)
    await insert(20)
    const table = 'ops_upstream_error_counts'
    await mergeCutShort(table, 0)
    await expect(contents(table)).rejects.toThrow(/Empty marks file|Cannot read all data/)
    await store.clients.writes.mend()
    await expectRollupsAgree()
  })

  it('leave an insert in doubt, and delivery stores it once, rollups included', async () => {
    await insert(20)
    const { clients } = store
    const writer = new Proxy(clients.writer, {
      get: (target, name) =>
        name === 'command'
          ? (params: { query: string }) => withFileSizeLimit(300, () => target.command(params))
          : Reflect.get(target, name),
    })
    const failing = createDeliveryStore(
      clients,
      await createInsertBatch({ ...clients, writer }, join(store.directory, 'insert-2')),
    )
    const batch = batchOf(40)
    expect(await failing.insert(batch, batch.id)).toMatchObject({
      status: 'unknown',
      reason: expect.stringContaining('writes of the embedded engine failed'),
    })
    const findings: string[] = []
    expect(await reconcile(store.delivery, batch, (finding) => findings.push(finding))).toEqual({
      status: 'stored',
    })
    expect(findings).toEqual(['absent'])
    expect(
      await store.rows(
        `SELECT count() AS rows, uniqExact(event_id) AS ids FROM ${events} WHERE batch_id = '${batch.id}'`,
      ),
    ).toEqual([{ rows: 40, ids: 40 }])
    await expectRollupsAgree()
  })

  it('are noticed in time: the engine keeps what a merge has read for a minute', async () => {
    expect(
      await store.rows(`SELECT value FROM system.merge_tree_settings WHERE name = 'old_parts_lifetime'`),
    ).toEqual([{ value: '60' }])
  })
})
