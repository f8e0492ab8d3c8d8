import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { event } from '../support/rows.ts'
import { openTestApi, type TestApi } from './open-test-api.ts'

interface Listed {
  events: ({ event_id: string; created_at: string } & Record<string, unknown>)[]
  next_cursor: string | null
}

let api: TestApi
beforeAll(async () => {
  api = await openTestApi()
})
afterAll(() => api.close())

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** The table deletes what is older than 30 days. */
const startMs = Math.floor(Date.now() / dayMs) * dayMs - 28 * dayMs
const slotMs = 6 * hourMs
/** Six hours of its own for each test. */
let slots = 0
function freshSlot(): { fromMs: number; range: string } {
  const fromMs = startMs + slots++ * slotMs
  return {
    fromMs,
    range: `from=${new Date(fromMs).toISOString()}&to=${new Date(fromMs + slotMs).toISOString()}`,
  }
}

async function walk(
  query: string,
  between: () => Promise<void> = async () => {},
  from: string | null = null,
): Promise<string[]> {
  const seen: string[] = []
  let cursor = from === null ? '' : `&cursor=${from}`
  for (;;) {
    const { status, body } = await api.get<Listed>(`?${query}${cursor}`)
    expect(status).toBe(200)
    seen.push(...body.events.map((item) => item.event_id))
    if (body.next_cursor === null) return seen
    cursor = `&cursor=${body.next_cursor}`
    await between()
  }
}

describe('a walk by cursor', () => {
  it('neither skips nor repeats, in any order, also while events arrive before, after and between', async () => {
    let round = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 60 }),
        fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 5 }),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom('newest', 'oldest', 'attempt'),
        async (times, lateTimes, limit, order) => {
          const { fromMs, range } = freshSlot()
          const name = `walk${round++}`
          const stored = times.map((ms, index) =>
            event(`${name}-${index}`, fromMs + hourMs + ms, { attempt: ms % 3 }),
          )
          await api.insert(stored)
          const late = lateTimes.map((ms, index) =>
            event(`${name}-late${index}`, fromMs + hourMs + ms, { attempt: ms % 3 }),
          )
          const seen = await walk(`${range}&limit=${limit}&order=${order}`, async () => {
            const next = late.pop()
            if (next) await api.insert([next])
          })
          expect(new Set(seen).size).toBe(seen.length)
          const ids = new Set(seen)
          expect(stored.every((item) => ids.has(item.event_id))).toBe(true)
        },
      ),
      { numRuns: 6 },
    )
  })

  it('gives the same events for every page size', async () => {
    const { fromMs, range } = freshSlot()
    await api.insert(Array.from({ length: 37 }, (_, index) => event(`size${index}`, fromMs + (index >> 2))))
    const whole = await walk(`${range}&limit=1000`)
    expect(whole).toHaveLength(37)
    for (const limit of [1, 2, 36, 37, 38]) expect(await walk(`${range}&limit=${limit}`)).toEqual(whole)
    expect((await walk(`${range}&limit=5&order=oldest`)).toReversed()).toEqual(whole)
  })

  it('keeps the range of its first page when that is relative', async () => {
    await api.insert(
      Array.from({ length: 5 }, (_, index) => event(`relative${index}`, Date.now() - 1000 + index)),
    )
    const first = await api.get<Listed>('?limit=2')
    await api.insert([event('relative-new', Date.now() + 50)])
    await new Promise((resolve) => setTimeout(resolve, 60))
    const rest = await walk('limit=2', undefined, first.body.next_cursor)
    expect(rest).toHaveLength(3)
  })

  it('refuses cursors of other filters, order or range, and what is none', async () => {
    const { fromMs, range } = freshSlot()
    await api.insert(Array.from({ length: 5 }, (_, index) => event(`bound${index}`, fromMs + index)))
    const { body } = await api.get<Listed>(`?limit=2&${range}`)
    const cursor = body.next_cursor ?? ''
    expect((await api.get(`?limit=4&fields=model&${range}&cursor=${cursor}`)).status).toBe(200)
    const [version, ...parts] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[]
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    for (const query of [
      `${range}&platform=openai&cursor=${cursor}`,
      `${range}&order=oldest&cursor=${cursor}`,
      `from=now-1h&cursor=${cursor}`,
      `${range}&cursor=`,
      `${range}&cursor=${cursor.slice(0, -8)}`,
      `${range}&cursor=${encode([version, ...parts, 1])}`,
      `${range}&cursor=${encode([1, ...parts])}`,
      `${range}&cursor=${encode([version, 'x', ...parts.slice(1)])}`,
      `${range}&cursor=${encode([version, -1, ...parts.slice(1)])}`,
      `${range}&cursor=${encode([version, 1, "' OR 1=1", ...parts.slice(2)])}`,
      `${range}&cursor=${encode({})}`,
      `${range}&cursor=${encode(null)}`,
    ]) {
      const answer = await api.get(`?limit=2&${query}`)
      expect(answer.body, query).toMatchObject({ status: 400, code: 'invalid_cursor', parameter: 'cursor' })
    }
  })
})

describe('a request', () => {
  it('shows its attempts in order without a range being given', async () => {
    const { fromMs } = freshSlot()
    const attempt = (number: number, offsetMs: number) =>
      event(`attempt${number}`, fromMs + offsetMs, {
        request_id: 'the-request',
        trace_id: 'ab'.repeat(16),
        attempt: number,
      })
    await api.insert([attempt(2, 0), attempt(0, 5), attempt(1, 5)])
    const attempts = async (query: string) =>
      (await api.get<Listed>(`?${query}`)).body.events.map((item) => item.attempt)
    expect(await attempts('request_id=the-request')).toEqual([0, 1, 2])
    expect((await attempts('request_id=the-request&order=oldest'))[0]).toBe(2)
    expect(await attempts(`trace_id=${'AB'.repeat(16)}&order=attempt`)).toEqual([0, 1, 2])
    expect(await attempts('request_id=the-request&from=now-1h')).toEqual([])
  })
})

describe('fields', () => {
  it('select columns, in the order of the table, and bodies only when asked for', async () => {
    const fromMs = Date.now() - 3 * hourMs
    const range = 'from=now-4h&to=now-2h'
    await api.insert([
      event('fields', fromMs, {
        request_body: '{"a":1}',
        response_headers: '{"retry-after":"1"}',
        attributes: new Map([['k', 'v']]),
        fingerprint: 0xabn,
      }),
    ])
    const first = async (query: string) => (await api.get<Listed>(`?${range}${query}`)).body.events[0] ?? {}
    const light = await first('')
    expect(light).toMatchObject({ model: 'gpt-5', fingerprint: '00000000000000ab' })
    expect(Object.keys(light)).not.toContain('request_body')
    expect(Object.keys(await first('&fields=status_code,model'))).toEqual([
      'event_id',
      'created_at',
      'model',
      'status_code',
    ])
    const heavy = await first('&fields=request_body,response_headers,attributes')
    expect(heavy).toMatchObject({
      request_body: '{"a":1}',
      response_headers: { 'retry-after': '1' },
      attributes: { k: 'v' },
    })
    expect((await api.get(`?${range}&fields=request_body&limit=201`)).body).toMatchObject({
      status: 400,
      parameter: 'limit',
    })
    expect((await api.get(`?${range}&fields=batch_id`)).body).toMatchObject({
      status: 400,
      parameter: 'fields',
    })
  })
})

describe('ranges', () => {
  it('hold the last millisecond before their end and not the end', async () => {
    const { fromMs } = freshSlot()
    const endMs = fromMs + hourMs
    await api.insert([-1, 0, 1].map((offset) => event(`edge${offset}`, endMs + offset)))
    const count = async (from: number, to: number) =>
      (await api.get<Listed>(`?from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}`)).body
        .events.length
    expect(await count(fromMs, endMs)).toBe(1)
    expect(await count(fromMs, endMs + 1)).toBe(2)
    expect(await count(endMs, endMs + 1)).toBe(1)
    expect(await count(endMs - 1, endMs + 2)).toBe(3)
  })

  it.each([
    ['from=2026-02-29T00:00:00Z', 'from'],
    ['from=2026-01-01T24:01:00Z', 'from'],
    ['from=2024-01-01T00:00:00Z&to=2026-01-01T00:00:00Z', 'from'],
    ['from=now-401d', 'from'],
    ['from=now&to=now', 'from'],
    ['to=1e9', 'to'],
    ['from=1767225600', 'from'],
  ])('are refused when they are absurd: %s', async (query, parameter) => {
    expect((await api.get(`?${query}`)).body).toMatchObject({
      status: 400,
      code: 'invalid_parameter',
      parameter,
    })
  })

  it.each([
    '2024-02-29T00:00:00Z',
    '2016-12-31T23:59:60Z',
    '2026-03-29T02:30:00+02:00',
    '2026-10-25T02:30:00.123456789-05:00',
    '1970-01-01T00:00:00Z',
  ])('take %s', async (from) => {
    const to = new Date(Date.parse(from.replace(':60Z', ':59Z')) + dayMs).toISOString()
    expect((await api.get(`?from=${encodeURIComponent(from)}&to=${to}`)).status).toBe(200)
  })
})

describe('answers', () => {
  it('tell what ClickHouse did and can be asked for again cheaply', async () => {
    const { fromMs, range } = freshSlot()
    await api.insert([event('cached', fromMs)])
    const first = await api.get(`?${range}`)
    expect(first.headers['server-timing']).toMatch(
      /^clickhouse;dur=[\d.]+;desc="queries=2 rows=\d+ bytes=\d+", wait;dur=[\d.]+$/,
    )
    expect(first.headers['cache-control']).toBe('private, max-age=60')
    const etag = String(first.headers.etag)
    const again = await api.get(`?${range}`, { 'if-none-match': etag })
    expect(again).toMatchObject({ status: 304, text: '' })
    await api.insert([event('cached-late', fromMs + 1)])
    expect((await api.get(`?${range}`, { 'if-none-match': etag })).status).toBe(200)
    expect((await api.get('?from=now-1h')).headers['cache-control']).toBe('private, no-cache')
  })
})
