import { expect, it, vi } from 'vitest'
import { openTestApi } from './open-test-api.ts'

// Fastify compiles all schemas when the API is built, as it does unless told otherwise.
vi.mock('../../src/api/compile-when-used.ts', () => ({ compileWhenUsed: () => ({}) }))

it('compiles the schemas of every route, which are compiled when a route is first used', async () => {
  const api = await openTestApi()
  expect(api.app.hasRoute({ method: 'GET', url: '/api/v1/upstream-errors' })).toBe(true)
  await api.close()
})
