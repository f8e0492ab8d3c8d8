import { afterAll, expect, it } from 'vitest'
import { openTestStore } from '../support/store.ts'

const store = await openTestStore()
afterAll(() => store.close())

it('gives pages that the engine freed back within half a second, not five', async () => {
  const lines = await store.rows<{ stats: string }>('SELECT stats FROM system.jemalloc_stats')
  expect(lines.map(({ stats }) => stats).join('\n')).toMatch(/opt\.dirty_decay_ms: 500 /)
})

it("holds the engine's own memory against its limit, not that of the container it runs in", async () => {
  const [setting] = await store.rows<{ value: string }>(
    "SELECT value FROM system.server_settings WHERE name = 'memory_worker_use_cgroup'",
  )
  expect(setting?.value).toBe('0')
})

it('blanks and deletes what is old in one table at a time', async () => {
  const [setting] = await store.rows<{ value: string }>(
    "SELECT value FROM system.merge_tree_settings WHERE name = 'max_number_of_merges_with_ttl_in_pool'",
  )
  expect(setting?.value).toBe('1')
})
