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

it('runs two merges at once, and larger ones column by column', async () => {
  const server = await settingsOf('server_settings')
  expect(
    server('background_pool_size') * server('background_merges_mutations_concurrency_ratio'),
  ).toBeLessThanOrEqual(2)
  const table = await settingsOf('merge_tree_settings')
  expect(table('vertical_merge_algorithm_min_rows_to_activate')).toBe(1)
  // What is merged column by column is in a file for each: until then, all columns of a merge fit a sixteenth.
  expect(table('vertical_merge_algorithm_min_bytes_to_activate')).toBeLessThanOrEqual(limitBytes / 16)
  expect(table('min_bytes_for_wide_part')).toBeLessThanOrEqual(
    table('vertical_merge_algorithm_min_bytes_to_activate'),
  )
})

it('has caches that fit its limit several times', async () => {
  const server = await settingsOf('server_settings')
  const caches = [
    'mark_cache_size',
    'index_mark_cache_size',
    'uncompressed_cache_size',
    'text_index_tokens_cache_size',
    'text_index_header_cache_size',
    'text_index_postings_cache_size',
    'query_condition_cache_size',
    'compiled_expression_cache_size',
  ]
  expect(caches.reduce((sum, name) => sum + server(name), 0)).toBeLessThanOrEqual(limitBytes / 3)
})

it('keeps few threads, however many parts there are to load or to delete', async () => {
  const server = await settingsOf('server_settings')
  for (const what of ['parts_cleaning', 'active_parts_loading', 'outdated_parts_loading'])
    expect(server(`max_${what}_thread_pool_size`)).toBeLessThanOrEqual(2)
})

const limitBytes = 512 * 2 ** 20

async function settingsOf(table: string): Promise<(name: string) => number> {
  const rows = await store.rows<{ name: string; value: string }>(`SELECT name, value FROM system.${table}`)
  const values = new Map(rows.map(({ name, value }) => [name, Number(value)]))
  return (name) => values.get(name) ?? Number.POSITIVE_INFINITY
}
