import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { event } from '../support/rows.ts'
import { generateEvents, seeded } from './generate-events.ts'
import { openTestApi, type TestApi } from './open-test-api.ts'

interface Affected {
  count: number
  values: string[]
}
interface Groups {
  source: string
  bucket_seconds: number
  first_bucket: string
  groups: {
    fingerprint: string
    count: number
    first_seen: string
    last_seen: string
    is_new: boolean
    sparkline: number[]
    accounts: Affected
    models: Affected
    sample: Record<string, unknown> | null
  }[]
}

const hourMs = 3_600_000
const endMs = Math.floor(Date.now() / hourMs) * hourMs - hourMs
const startMs = endMs - 24 * hourMs
const random = seeded(3)
const events = [
  ...generateEvents(500, startMs, endMs, random),
  // Before the range, so that one of its fingerprints is not new.
  event('before', startMs - 5, { fingerprint: 42n, platform: 'other' }),
  event('new', startMs + 5, { fingerprint: 7n, account_id: '', model: '' }),
]
const iso = (ms: number) => new Date(ms).toISOString()
let api: TestApi
beforeAll(async () => {
  api = await openTestApi()
  await api.insert(events)
})
afterAll(() => api.close())

describe('groups', () => {
  it.each([
    ['', startMs, endMs, 'rollup'],
    ['', startMs + 1, endMs - 1, 'mixed'],
    ['service_name=!nowhere', startMs, endMs, 'raw'],
    ['platform=openai&status_code=5xx', startMs, endMs, 'rollup'],
    ['model=gpt-5', startMs + hourMs / 3, endMs, 'raw'],
    ['fingerprint=000000000000002a', startMs, endMs, 'rollup'],
  ])('are what a plain grouping finds: %s from %d to %d', async (query, fromMs, toMs, source) => {
    const { status, body } = await api.get<Groups>(`/groups?from=${iso(fromMs)}&to=${iso(toMs)}&${query}`)
    expect(status).toBe(200)
    expect(body.source).toBe(source)
    const parameters = new URLSearchParams(query)
    const inRange = events.filter(
      (item) =>
        item.created_at >= fromMs &&
        item.created_at < toMs &&
        (!parameters.has('platform') || (item.platform === 'openai' && item.status_code >= 500)) &&
        (!parameters.has('model') || item.model === 'gpt-5') &&
        (!parameters.has('fingerprint') || item.fingerprint === 42n),
    )
    const bucketMs = body.bucket_seconds * 1000
    const firstMs = Math.floor(fromMs / bucketMs) * bucketMs
    expect(body.first_bucket).toBe(iso(firstMs))
    const distinct = (values: string[]): Affected => {
      const known = [...new Set(values.filter((value) => value !== ''))].sort()
      return { count: known.length, values: known }
    }
    const expected = [...Map.groupBy(inRange, (item) => item.fingerprint)].map(([fingerprint, found]) => {
      const times = found.map((item) => item.created_at)
      const sparkline = Array.from({ length: Math.ceil((toMs - firstMs) / bucketMs) }, () => 0)
      for (const ms of times) {
        const index = Math.floor((ms - firstMs) / bucketMs)
        sparkline[index] = (sparkline[index] ?? 0) + 1
      }
      return {
        fingerprint: fingerprint.toString(16).padStart(16, '0'),
        count: found.length,
        first_seen: iso(Math.min(...times)),
        last_seen: iso(Math.max(...times)),
        is_new: !events.some((item) => item.fingerprint === fingerprint && item.created_at < fromMs),
        sparkline,
        accounts: distinct(found.map((item) => item.account_id)),
        models: distinct(found.map((item) => item.model)),
        sample: expect.objectContaining({
          event_id: found.find((item) => item.created_at === Math.max(...times))?.event_id,
          fingerprint: fingerprint.toString(16).padStart(16, '0'),
        }),
        state: 'open',
        state_change: null,
      }
    })
    const byFingerprint = (a: { fingerprint: string }, b: { fingerprint: string }) =>
      a.fingerprint < b.fingerprint ? -1 : 1
    expect(body.groups.toSorted(byFingerprint)).toEqual(expected.toSorted(byFingerprint))
    expect(body.groups.map((group) => group.count)).toEqual(
      expected.map((group) => group.count).sort((a, b) => b - a),
    )
  })

  it('are empty where nothing happened, and as many as asked for', async () => {
    const none = await api.get<Groups>(
      `/groups?from=${iso(startMs - 9 * hourMs)}&to=${iso(startMs - 8 * hourMs)}`,
    )
    expect(none.body.groups).toEqual([])
    const two = await api.get<Groups>(`/groups?from=${iso(startMs)}&to=${iso(endMs)}&n=2`)
    expect(two.body.groups).toHaveLength(2)
  })
})
