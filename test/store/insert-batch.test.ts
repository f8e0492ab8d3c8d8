import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { toBatch } from '../../src/delivery/freeze-cycle.ts'
import { row } from '../support/rows.ts'
import { openTestStore, type TestStore } from '../support/store.ts'

let store: TestStore

beforeAll(async () => {
  store = await openTestStore()
})

afterAll(() => store.close())

it('stores as many bytes as a batch may have in one file for all columns', async () => {
  const body = 'x'.repeat(16_000)
  const rows = Array.from({ length: 1000 }, (_, index) =>
    row(`large-${index}`, Date.now(), { response_body: body }),
  )
  expect(await store.delivery.insert(toBatch(randomUUID(), rows), randomUUID())).toEqual({ status: 'stored' })
  expect(
    await store.rows(`SELECT part_type, rows FROM system.parts
      WHERE active AND database = currentDatabase() AND table = 'ops_upstream_error_events'`),
  ).toEqual([{ part_type: 'Compact', rows: 1000 }])
})
