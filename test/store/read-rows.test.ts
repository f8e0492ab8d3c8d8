import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readRows } from '../../src/store/read-rows.ts'
import { openTestStore, type TestStore } from '../support/store.ts'

let store: TestStore
beforeAll(async () => {
  store = await openTestStore()
})
afterAll(() => store.close())

describe('reading rows on one client', () => {
  it('never answers with rows of a query that failed before', async () => {
    const failing = `SELECT number, throwIf(number = 300000) FROM numbers(400000)
      SETTINGS max_block_size = 1000, max_threads = 1`
    for (let run = 0; run < 5; run++) {
      await expect(readRows(store.clients.writer, failing)).rejects.toThrow('throwIf')
      expect(await readRows(store.clients.writer, `SELECT 'asked', ${run}`)).toEqual([['asked', run]])
    }
  })
})
