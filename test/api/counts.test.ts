import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { topDimensions } from '../../src/store/queries/top.ts'
import type { StringEvent } from '../support/rows.ts'
import { generateEvents, seeded } from './generate-events.ts'
import { openTestApi, type TestApi } from './open-test-api.ts'

interface Counted {
  count: number
  source: string
}
interface Histogram {
  bucket_seconds: number
  source: string
  keys: string[]
  buckets: { start: string; total: number; counts: Record<string, number>; other: number }[]
}
interface Top {
  source: string
  total: number
  previous_total: number
  items: {
    key: string
    count: number
    share: number
    previous_count: number
    first_seen: string
    last_seen: string
  }[]
}

const random = seeded(11)
const hourMs = 3_600_000
const endMs = Math.floor(Date.now() / hourMs) * hourMs - hourMs
const startMs = endMs - 48 * hourMs
/** Most of them in one hour, so that seconds and minutes hold several. */
const events = [
  ...generateEvents(800, startMs, endMs, random, 'wide'),
  ...generateEvents(700, endMs - 3 * hourMs, endMs - 2 * hourMs, random, 'dense'),
  // On the edges of buckets.
  ...generateEvents(24, startMs, endMs, random, 'edge').map((event, index) => ({
    ...event,
    created_at: startMs + index * 2 * hourMs - (index % 2),
  })),
]
let api: TestApi
beforeAll(async () => {
  api = await openTestApi()
  await api.insert(events)
})
afterAll(() => api.close())

type Predicate = (event: StringEvent) => boolean
const everything: Predicate = () => true
/** The second of each pair holds for all events, in a column that no rollup has. */
const filters: [query: string, matches: Predicate][] = [
  ['', everything],
  ['service_name=!nowhere', everything],
  ['platform=openai', (event) => event.platform === 'openai'],
  ['status_code=5xx&platform=!openai', (event) => event.status_code >= 500 && event.platform !== 'openai'],
  [
    'category=rate_limited&kind=!failover',
    (event) => event.category === 'rate_limited' && event.kind !== 'failover',
  ],
  ['model=', (event) => event.model === ''],
  ['account_id=1&account_id=2', (event) => ['1', '2'].includes(event.account_id)],
  ['account_id=1&model=gpt-5', (event) => event.account_id === '1' && event.model === 'gpt-5'],
  ['q=overloaded', (event) => event.error_message.toLowerCase().includes('overloaded')],
]
const integer = (max: number) => Math.floor(random() * max)
const pick = <Value>(values: readonly Value[]): Value => values[integer(values.length)] as Value

/** Ranges of every raggedness: to the ms, second, minute and hour. */
function someRange(): { fromMs: number; toMs: number; query: string } {
  const unit = pick([1, 1000, 60_000, hourMs])
  const ends = [integer(50 * hourMs), integer(50 * hourMs)].sort((a, b) => a - b)
  const fromMs = Math.floor((startMs - hourMs + (ends[0] ?? 0)) / unit) * unit
  const toMs = Math.floor((startMs - hourMs + (ends[1] ?? 0)) / unit) * unit + unit
  return { fromMs, toMs, query: rangeQuery(fromMs, toMs) }
}
const rangeQuery = (fromMs: number, toMs: number) =>
  `from=${new Date(fromMs).toISOString()}&to=${new Date(toMs).toISOString()}`
const selected = (matches: Predicate, fromMs: number, toMs: number) =>
  events.filter((event) => event.created_at >= fromMs && event.created_at < toMs && matches(event))
const keyOf = (event: StringEvent, dimension: string): string =>
  dimension === 'fingerprint'
    ? event.fingerprint.toString(16).padStart(16, '0')
    : String(event[dimension as keyof StringEvent])

describe('count', () => {
  it.each(filters)('counts what a plain comparison counts: %s', async (query, matches) => {
    for (let round = 0; round < 12; round++) {
      const { fromMs, toMs, query: range } = someRange()
      const { body } = await api.get<Counted>(`/count?${range}&${query}`)
      expect(body.count, range).toBe(selected(matches, fromMs, toMs).length)
    }
  })

  it.each([
    ['', 'rollup'],
    ['platform=openai&status_code=429', 'rollup'],
    ['account_id=1&platform=openai', 'rollup'],
    ['model=gpt-5&status_code=5xx', 'rollup'],
    ['kind=failover&category=auth', 'rollup'],
    ['account_id=1&model=gpt-5', 'raw'],
    ['q=overloaded', 'raw'],
  ])('says where its answer comes from: %s', async (query, source) => {
    const whole = await api.get<Counted>(`/count?${rangeQuery(startMs, endMs)}&${query}`)
    expect(whole.body.source).toBe(source)
    const ragged = await api.get<Counted>(`/count?${rangeQuery(startMs + 1, endMs)}&${query}`)
    expect(ragged.body.source).toBe(source === 'raw' ? 'raw' : 'mixed')
  })
})

describe('histogram', () => {
  const by = ['', 'platform', 'status_code', 'category', 'kind', 'model', 'account_id']
  it.each(by)('counts by time and %s', async (dimension) => {
    for (const bucketSeconds of [1, 15, 60, 300, 3600, 21_600, 86_400]) {
      const [query, matches] = pick(filters)
      let { fromMs, toMs } = someRange()
      toMs = Math.min(toMs, fromMs + 3000 * bucketSeconds * 1000)
      if (bucketSeconds < 60) {
        fromMs = endMs - 2.5 * hourMs + integer(60_000)
        toMs = fromMs + 120_000 + integer(5000)
      }
      const { status, body } = await api.get<Histogram>(
        `/histogram?${rangeQuery(fromMs, toMs)}&bucket=${bucketSeconds}${dimension && `&by=${dimension}`}&max_keys=100&${query}`,
      )
      expect(status).toBe(200)
      const expected = new Map<number, { total: number; counts: Record<string, number> }>()
      const bucketMs = bucketSeconds * 1000
      for (let at = Math.floor(fromMs / bucketMs) * bucketMs; at < toMs; at += bucketMs)
        expected.set(at, { total: 0, counts: {} })
      for (const event of selected(matches, fromMs, toMs)) {
        const bucket = expected.get(Math.floor(event.created_at / bucketMs) * bucketMs)
        if (!bucket) throw new Error('no bucket')
        bucket.total++
        const key = keyOf(event, dimension)
        if (dimension) bucket.counts[key] = (bucket.counts[key] ?? 0) + 1
      }
      expect(body.buckets, `${query} ${bucketSeconds}`).toEqual(
        [...expected].map(([at, bucket]) => ({ start: new Date(at).toISOString(), ...bucket, other: 0 })),
      )
    }
  })

  it('gives the same from rollups as from the events', async () => {
    for (const dimension of ['platform', 'status_code', 'model', 'account_id']) {
      for (const range of [rangeQuery(startMs, endMs), rangeQuery(startMs + 12_345, endMs - 54_321)]) {
        const ask = `/histogram?${range}&bucket=1h&by=${dimension}`
        const kept = (await api.get<Histogram>(ask)).body
        const raw = (await api.get<Histogram>(`${ask}&service_name=!nowhere`)).body
        expect([kept.source, raw.source]).toEqual([range.includes('45') ? 'mixed' : 'rollup', 'raw'])
        expect(kept.buckets).toEqual(raw.buckets)
      }
    }
  })

  it('keeps the keys with most events and adds up the rest', async () => {
    const ask = `/histogram?${rangeQuery(startMs, endMs)}&bucket=1h&by=account_id`
    const all = (await api.get<Histogram>(ask)).body
    const two = (await api.get<Histogram>(`${ask}&max_keys=2`)).body
    expect(two.keys).toEqual(all.keys.slice(0, 2))
    for (const [index, bucket] of two.buckets.entries()) {
      expect(bucket.total).toBe(all.buckets[index]?.total)
      expect(Object.values(bucket.counts).reduce((a, b) => a + b, bucket.other)).toBe(bucket.total)
    }
  })

  it('chooses a bucket for the range, at most 120 of them', async () => {
    for (const [minutes, seconds] of [
      [1, 1],
      [60, 30],
      [1440, 900],
      [43_200, 21_600],
    ] as const) {
      const { body } = await api.get<Histogram>(`/histogram?${rangeQuery(endMs - minutes * 60_000, endMs)}`)
      expect(body.bucket_seconds).toBe(seconds)
      expect(body.buckets.length).toBeLessThanOrEqual(121)
    }
  })

  it.each([
    ['bucket=7m', 'bucket'],
    ['bucket=2d', 'bucket'],
    ['bucket=0', 'bucket'],
    ['bucket=1.5h', 'bucket'],
    ['bucket=1s&from=now-30d', 'bucket'],
    ['by=user_id', 'by'],
    ['by=', 'by'],
    ['from=now-500d', 'from'],
  ])('refuses %s', async (query, parameter) => {
    expect((await api.get(`/histogram?${query}`)).body).toMatchObject({ status: 400, parameter })
  })
})

describe('top', () => {
  it.each(topDimensions)('ranks %s as a plain count does', async (dimension) => {
    for (let round = 0; round < 3; round++) {
      const [query, matches] = pick(filters)
      const { fromMs, toMs, query: range } = someRange()
      const { body } = await api.get<Top>(`/top?dimension=${dimension}&n=100&${range}&${query}`)
      const current = selected(matches, fromMs, toMs)
      const previous = selected(matches, 2 * fromMs - toMs, fromMs)
      const groups = Map.groupBy(current, (event) => keyOf(event, dimension))
      const expected = [...groups].map(([key, found]) => ({
        key,
        count: found.length,
        share: found.length / current.length,
        previous_count: previous.filter((event) => keyOf(event, dimension) === key).length,
        first_seen: new Date(Math.min(...found.map((event) => event.created_at))).toISOString(),
        last_seen: new Date(Math.max(...found.map((event) => event.created_at))).toISOString(),
      }))
      const byKey = (a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : 1)
      expect(body.items.toSorted(byKey), `${query} ${range}`).toEqual(expected.toSorted(byKey))
      expect(body.items.map((item) => item.count)).toEqual(
        expected.map((item) => item.count).sort((a, b) => b - a),
      )
      if (current.length > 0)
        expect([body.total, body.previous_total]).toEqual([current.length, previous.length])
    }
  })

  it('answers from rollups where they have the column, and says so', async () => {
    const source = async (query: string) =>
      (await api.get<Top>(`/top?${rangeQuery(startMs, endMs)}&${query}`)).body.source
    expect(await source('dimension=account_id')).toBe('rollup')
    expect(await source('dimension=model&platform=openai')).toBe('rollup')
    expect(await source('dimension=user_id')).toBe('raw')
    expect(await source('dimension=account_id&model=gpt-5')).toBe('raw')
  })

  it.each([
    ['', 'dimension'],
    ['dimension=request_id', 'dimension'],
    ['dimension=platform&n=0', 'n'],
    ['dimension=platform&n=101', 'n'],
    ["dimension=platform' OR 1", 'dimension'],
  ])('refuses %s', async (query, parameter) => {
    const { status, body } = await api.get(`/top?${encodeURI(query)}`)
    expect(status).toBe(400)
    if (query !== '') expect(body).toMatchObject({ parameter })
  })
})
