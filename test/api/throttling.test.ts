import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generateEvents, seeded } from './generate-events.ts'
import { openTestApi, type TestApi } from './open-test-api.ts'

interface RetryAfter {
  events: number
  p50_ms: number
  max_ms: number
  distribution: { up_to_ms: number | null; events: number }[]
}
interface Throttling {
  bucket_seconds: number
  first_bucket: string
  retry_after: RetryAfter
  accounts: {
    account_id: string
    errors: number
    rate_limited: number
    throttled_seconds: number
    throttled_until: string | null
    retry_after: RetryAfter
    last_seen: string
    errors_per_bucket: number[]
  }[]
}

const toMs = Math.floor(Date.now() / 60_000) * 60_000 - 60_000 + 7
const fromMs = toMs - 40 * 60_000
const events = generateEvents(400, fromMs - 60_000, toMs + 60_000, seeded(8))
const inRange = events.filter((event) => event.created_at >= fromMs && event.created_at < toMs)
const iso = (ms: number) => new Date(ms).toISOString()
let api: TestApi
beforeAll(async () => {
  api = await openTestApi()
  await api.insert(events)
})
afterAll(() => api.close())

/** Marks every millisecond. */
function unionMs(intervals: readonly (readonly [number, number])[]): number {
  const marked = new Uint8Array(toMs - fromMs)
  for (const [start, end] of intervals) marked.fill(1, start - fromMs, Math.min(end, toMs) - fromMs)
  return marked.reduce((sum, value) => sum + value, 0)
}

describe('throttling', () => {
  it('adds up the time that providers asked to wait, counting no moment twice and nothing beyond the range', async () => {
    const { status, body } = await api.get<Throttling>(
      `/throttling?from=${iso(fromMs)}&to=${iso(toMs)}&n=100`,
    )
    expect(status).toBe(200)
    expect(body.bucket_seconds).toBe(60)
    const firstMs = Math.floor(fromMs / 60_000) * 60_000
    expect(body.first_bucket).toBe(iso(firstMs))
    const accounts = Map.groupBy(inRange, (event) => event.account_id)
    expect(body.accounts).toHaveLength(accounts.size)
    for (const account of body.accounts) {
      const found = accounts.get(account.account_id) ?? []
      const waits = found.filter((event) => event.retry_after_ms > 0)
      const perMinute = Array.from({ length: Math.ceil((toMs - firstMs) / 60_000) }, () => 0)
      for (const { created_at } of found) {
        const index = Math.floor((created_at - firstMs) / 60_000)
        perMinute[index] = (perMinute[index] ?? 0) + 1
      }
      expect(account).toMatchObject({
        errors: found.length,
        rate_limited: found.filter((event) => event.category === 'rate_limited').length,
        throttled_seconds:
          unionMs(waits.map((event) => [event.created_at, event.created_at + event.retry_after_ms])) / 1000,
        throttled_until:
          waits.length === 0
            ? null
            : iso(Math.max(...waits.map((event) => event.created_at + event.retry_after_ms))),
        last_seen: iso(Math.max(...found.map((event) => event.created_at))),
        errors_per_bucket: perMinute,
      })
      expect(account.retry_after).toMatchObject({
        events: waits.length,
        max_ms: Math.max(0, ...waits.map((event) => event.retry_after_ms)),
      })
    }
    const throttled = body.accounts.map((account) => account.throttled_seconds)
    expect(throttled).toEqual(throttled.toSorted((a, b) => b - a))
    expect(Math.max(...throttled)).toBeGreaterThan(30)
  })

  it('tells how long the waits are, over all accounts', async () => {
    const { body } = await api.get<Throttling>(
      `/throttling?from=${iso(fromMs)}&to=${iso(toMs)}&n=1&platform=openai`,
    )
    expect(body.accounts).toHaveLength(1)
    const waits = inRange.filter((event) => event.platform === 'openai' && event.retry_after_ms > 0)
    const count = (min: number, max: number) =>
      waits.filter((event) => event.retry_after_ms > min && event.retry_after_ms <= max).length
    expect(body.retry_after.events).toBe(waits.length)
    expect(body.retry_after.distribution.slice(0, 4)).toEqual([
      { up_to_ms: 1000, events: count(0, 1000) },
      { up_to_ms: 5000, events: count(1000, 5000) },
      { up_to_ms: 10_000, events: count(5000, 10_000) },
      { up_to_ms: 30_000, events: count(10_000, 30_000) },
    ])
    expect(body.retry_after.distribution.at(-1)).toEqual({ up_to_ms: null, events: 0 })
  })

  it('answers a range without events', async () => {
    const { body } = await api.get<Throttling>(`/throttling?from=now-20d&to=now-19d`)
    expect(body.accounts).toEqual([])
    expect(body.retry_after).toMatchObject({ events: 0, p50_ms: 0, max_ms: 0 })
  })
})
