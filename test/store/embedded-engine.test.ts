import { afterAll, expect, it } from 'vitest'
import { openTestStore } from '../support/store.ts'

const store = await openTestStore()
afterAll(() => store.close())

it('gives pages that the engine freed back within half a second, not five', async () => {
  const lines = await store.rows<{ stats: string }>('SELECT stats FROM system.jemalloc_stats')
  expect(lines.map(({ stats }) => stats).join('\n')).toMatch(/opt\.dirty_decay_ms: 500 /)
})
