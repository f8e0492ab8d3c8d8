import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createToken } from '../../src/access/token.ts'
import { createQueryBudget } from '../../src/api/query-budget.ts'
import { startTestSidecar, type TestSidecar, temporaryDirectory } from '../support/sidecar.ts'

const [busy, other, slow] = ['busy', 'other', 'slow'].map((name) => createToken(name, ['read'])) as [
  ReturnType<typeof createToken>,
  ReturnType<typeof createToken>,
  ReturnType<typeof createToken>,
]
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let sidecar: TestSidecar

beforeAll(async () => {
  directory = await temporaryDirectory()
  const tokensFile = join(directory.path, 'tokens.json')
  writeFileSync(tokensFile, JSON.stringify({ tokens: [busy, other, slow].map(({ entry }) => entry) }))
  sidecar = await startTestSidecar(directory.path, { tokensFile, apiRateLimit: 10, apiQueryBudgetMs: 1 })
})
afterAll(async () => {
  await sidecar.stop()
  await directory.remove()
})

const get = (path: string, token: string) =>
  fetch(sidecar.apiUrl + path, { headers: token === '' ? {} : { authorization: `Bearer ${token}` } })

describe('the rate limit of the API', () => {
  it('answers a burst of one token with 429 and a Retry-After, and lets other tokens and probes through', async () => {
    const burst = await Promise.all(Array.from({ length: 15 }, () => get('/metrics', busy.token)))
    expect(burst.map(({ status }) => status).toSorted()).toEqual([
      ...Array.from({ length: 10 }, () => 200),
      ...Array.from({ length: 5 }, () => 429),
    ])
    const refused = await get('/metrics', busy.token)
    expect(await refused.json()).toMatchObject({ code: 'too_many_requests', status: 429 })
    const retryAfter = Number(refused.headers.get('retry-after'))
    expect(retryAfter).toBeGreaterThanOrEqual(1)
    expect(retryAfter).toBeLessThanOrEqual(63)
    expect(refused.headers.get('ratelimit-remaining')).toBe('0')
    expect((await get('/metrics', other.token)).status).toBe(200)
    for (let count = 0; count < 20; count++) expect((await get('/healthz', '')).status).toBe(200)
  })

  it('does not count what is refused for its token', async () => {
    for (let count = 0; count < 15; count++) expect((await get('/metrics', 'ops_wrong')).status).toBe(401)
  })
})

describe('the query budget of the API', () => {
  it('answers 429 with Retry-After when the query time of the token is used up', async () => {
    const statuses: number[] = []
    for (let count = 0; count < 8; count++) {
      const answer = await get('/api/v1/upstream-errors/groups?from=now-28d', slow.token)
      statuses.push(answer.status)
      if (answer.status === 429) {
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
        expect(await answer.json()).toMatchObject({ code: 'too_many_requests' })
      }
    }
    expect(statuses[0]).toBe(200)
    expect(statuses).toContain(429)
  })

  it('comes back with time, and counts queries of an answer that has begun without refusing them', () => {
    let nowMs = 0
    const budget = createQueryBudget({ msPerMinute: 6000, concurrent: 0 }, () => nowMs)
    budget.begin('a', true)(6000)
    expect(() => budget.begin('a', true)).toThrow('used up')
    budget.begin('a', false)(3000)
    budget.begin('b', true)(1)
    nowMs += 29_000
    expect(() => budget.begin('a', true)).toThrow('used up')
    nowMs += 2000
    budget.begin('a', true)(0)
    // A long rest earns no more than a minute's.
    nowMs += 3_600_000
    budget.begin('a', true)(6000)
    expect(() => budget.begin('a', true)).toThrow('used up')
  })

  it('bounds the queries of one token at one time', () => {
    const budget = createQueryBudget({ msPerMinute: 0, concurrent: 2 })
    const end = budget.begin('a', true)
    budget.begin('a', true)
    expect(() => budget.begin('a', true)).toThrow('under way')
    budget.begin('b', true)
    end(1)
    budget.begin('a', true)
  })
})
