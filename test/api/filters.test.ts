import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { filterColumns } from '../../src/store/queries/filter-columns.ts'
import type { StringEvent } from '../support/rows.ts'
import { generateEvents, seeded } from './generate-events.ts'
import { openTestApi, type TestApi } from './open-test-api.ts'

interface Case {
  readonly query: string
  readonly matches: (event: StringEvent) => boolean
}
interface Listed {
  events: { event_id: string }[]
}

const random = seeded(5)
const nowMs = Date.now()
const events = generateEvents(600, nowMs - 50 * 60_000, nowMs - 1000, random)
let api: TestApi

beforeAll(async () => {
  api = await openTestApi()
  await api.insert(events)
})
afterAll(() => api.close())

const enc = encodeURIComponent
const hexOf = (fingerprint: bigint): string => fingerprint.toString(16).padStart(16, '0')

/** Ways to ask for a column, each with what it means, written without the parser. */
function casesOf({ name, form }: (typeof filterColumns)[number]): Case[] {
  const of = (event: StringEvent) => event[name as keyof StringEvent]
  const values = [...new Set(events.map(of))]
  const a = values.find((value) => value !== '' && value !== 0)
  const b = values.findLast((value) => value !== '' && value !== 0)
  if (form === 'flag') {
    return [true, false].map((wanted) => ({
      query: `${name}=${wanted}`,
      matches: (event) => of(event) === wanted,
    }))
  }
  if (form === 'number') {
    const number = (event: StringEvent) => Number(of(event))
    const absent = ['retry_after_ms', 'latency_ms', 'time_to_first_token_ms'].includes(name) ? 0 : Number.NaN
    const known = (event: StringEvent) => number(event) !== absent
    const numbers = values.map(Number).sort((x, y) => x - y)
    const low = numbers[1] ?? 0
    const high = numbers.at(-1) ?? 0
    return [
      { query: `${name}=${low}`, matches: (event) => number(event) === low },
      { query: `${name}=!${low}`, matches: (event) => number(event) !== low },
      { query: `${name}=${low}&${name}=${high}`, matches: (event) => [low, high].includes(number(event)) },
      { query: `${name}=>=${high}`, matches: (event) => number(event) >= high },
      { query: `${name}=>${low}`, matches: (event) => number(event) > low },
      { query: `${name}>=${high}`, matches: (event) => number(event) >= high },
      {
        query: `${name}>=${low}&${name}<${high + 1}`,
        matches: (event) => number(event) >= low && number(event) <= high,
      },
      {
        query: `${name}>${low}&${name}<=${high + 1}`,
        matches: (event) => number(event) > low,
      },
      { query: `${name}<${high}`, matches: (event) => number(event) < high && known(event) },
      { query: `${name}=<${high}`, matches: (event) => number(event) < high && known(event) },
      { query: `${name}=<=${low}`, matches: (event) => number(event) <= low && known(event) },
      { query: `${name}=${low}..${high}`, matches: (event) => number(event) >= low && number(event) <= high },
      { query: `${name}=..${low}`, matches: (event) => number(event) <= low && known(event) },
      { query: `${name}=${high}..`, matches: (event) => number(event) >= high },
      { query: `${name}=!${low}..${high}`, matches: (event) => number(event) < low || number(event) > high },
      { query: `${name}=`, matches: (event) => number(event) === 0 },
      { query: `${name}=!`, matches: (event) => number(event) !== 0 },
    ]
  }
  const text = (value: unknown) => {
    const shown = form === 'fingerprint' ? hexOf(value as bigint) : String(value)
    return enc(/^[!\\]/.test(shown) ? `\\${shown}` : shown)
  }
  const cases: Case[] = [
    { query: `${name}=${text(a)}`, matches: (event) => of(event) === a },
    { query: `${name}=!${text(a)}`, matches: (event) => of(event) !== a },
    {
      query: `${name}=${text(a)}&${name}=${text(b)}`,
      matches: (event) => of(event) === a || of(event) === b,
    },
    {
      query: `${name}=!${text(a)}&${name}=!${text(b)}`,
      matches: (event) => of(event) !== a && of(event) !== b,
    },
    { query: `${name}=${text(a)}&${name}=!${text(a)}`, matches: () => false },
  ]
  if (form !== 'fingerprint' && name !== 'kind' && name !== 'category')
    cases.push(
      { query: `${name}=`, matches: (event) => of(event) === '' },
      { query: `${name}=!`, matches: (event) => of(event) !== '' },
    )
  return cases
}

const words = (message: string): string[] => message.toLowerCase().split(/[^a-z0-9\u0080-\uffff]+/)
const messageCases: Case[] = [
  { query: 'q=overloaded', matches: (event) => words(event.error_message).includes('overloaded') },
  {
    query: `q=${enc('LIMIT rate')}`,
    matches: (event) => ['rate', 'limit'].every((word) => words(event.error_message).includes(word)),
  },
  {
    query: `q=${enc('"rate limit"')}`,
    matches: (event) => words(event.error_message).join(' ').includes('rate limit'),
  },
  { query: 'q=rate-limit', matches: (event) => words(event.error_message).join(' ').includes('rate limit') },
  {
    query: `q=${enc('"per min" tokens')}`,
    matches: (event) => words(event.error_message).join(' ').includes('tokens per min'),
  },
  { query: 'q=!overloaded', matches: (event) => !words(event.error_message).includes('overloaded') },
  {
    query: `q=overloaded&q=${enc('grüße')}`,
    matches: (event) => ['overloaded', 'grüße'].some((word) => words(event.error_message).includes(word)),
  },
  { query: 'q=overload', matches: () => false },
  { query: `q=${enc('"ate limit"')}`, matches: () => false },
]
const statusCases: Case[] = [
  { query: 'status_code=5xx', matches: ({ status_code }) => status_code >= 500 && status_code < 600 },
  {
    query: 'status_code=5xx&status_code=!503',
    matches: ({ status_code }) => [500, 529].includes(status_code),
  },
  {
    query: 'status_code=!5xx&status_code=!429',
    matches: ({ status_code }) => [0, 400].includes(status_code),
  },
  { query: 'status_code=4xx&status_code=0', matches: ({ status_code }) => status_code < 500 },
]

const byColumn = new Map<string, Case[]>(filterColumns.map((column) => [column.name, casesOf(column)]))
byColumn.set('q', messageCases)
byColumn.set('status_code', [...(byColumn.get('status_code') ?? []), ...statusCases])

async function expectSame(cases: readonly Case[]): Promise<void> {
  const query = cases.map((item) => item.query).join('&')
  const { status, body } = await api.get<Listed>(
    `?limit=1000&order=newest&from=now-1h&fields=event_id&${query}`,
  )
  expect(status, query).toBe(200)
  const expected = events.filter((event) => cases.every((item) => item.matches(event))).toReversed()
  expect(
    body.events.map((event) => event.event_id),
    query,
  ).toEqual(expected.map((event) => event.event_id))
}

describe('filters', () => {
  it.each([...byColumn.keys()])('find what a plain comparison finds: %s', async (name) => {
    for (const item of byColumn.get(name) ?? []) await expectSame([item])
  })

  it('combine: every pair of parameters', async () => {
    const names = [...byColumn.keys()]
    for (const [index, first] of names.entries()) {
      for (const second of names.slice(index + 1)) {
        const pick = (name: string) => {
          const cases = byColumn.get(name) ?? []
          return cases[Math.floor(random() * cases.length)] as Case
        }
        await expectSame([pick(first), pick(second)])
      }
    }
  })

  it.each([
    ['status_code=abc', 'status_code'],
    ['status_code=0xx', 'status_code'],
    ['status_code=70000', 'status_code'],
    ['status_code=-1', 'status_code'],
    ['latency_ms=5xx', 'latency_ms'],
    ['latency_ms=500..100', 'latency_ms'],
    ['latency_ms=..', 'latency_ms'],
    ['latency_ms=<0', 'latency_ms'],
    ['latency_ms=1e3', 'latency_ms'],
    ['latency_ms=>=99999999999', 'latency_ms'],
    ['latency_ms>=x', 'latency_ms'],
    ['latency_ms>=', 'latency_ms'],
    ['latency_ms<0', 'latency_ms'],
    ['latency_ms>5&latency_ms<5', 'latency_ms'],
    ['latency_ms>=1&latency_ms<x', 'latency_ms'],
    ['model>=5', 'model>'],
    ['fingerprint=1', 'fingerprint'],
    ['fingerprint=', 'fingerprint'],
    ['stream=yes', 'stream'],
    ['stream=true&stream=false', 'stream'],
    ['kind=odd', 'kind'],
    ['category=!odd', 'category'],
    ['span_id=zz', 'span_id'],
    ['q=', 'q'],
    ['q=--', 'q'],
    ['q=!', 'q'],
    ['model=%00', 'model'],
    [`model=${'x'.repeat(1025)}`, 'model'],
    [Array.from({ length: 65 }, () => 'model=x').join('&'), 'model'],
  ])('refuse %s', async (query, parameter) => {
    const { status, body } = await api.get(`?${query}`)
    expect(status).toBe(400)
    expect(body).toMatchObject({ code: 'invalid_parameter', parameter })
  })

  it('take the case of hex digits and of ASCII words as equal', async () => {
    const upper = await api.get<Listed>('?limit=1000&trace_id=0123456789ABCDEF0123456789ABCDE1&from=now-1h')
    const lower = await api.get<Listed>('?limit=1000&trace_id=0123456789abcdef0123456789abcde1&from=now-1h')
    expect(upper.body.events.length).toBeGreaterThan(0)
    expect(upper.body).toEqual(lower.body)
  })
})

describe('values', () => {
  const corpus = [
    "'; DROP TABLE ops_upstream_error_events --",
    "' OR '1'='1",
    "\\' OR 1=1 --",
    '\\\\',
    "\\\\'",
    '{platform_include:Array(String)}',
    '{limit:UInt32}',
    "') OR 1=1 --",
    "']) OR 1=1 --",
    '/* ops-query */',
    '`',
    '"',
    '%',
    '_',
    '$1',
    '$&',
    "$'",
    '\n',
    '\t\r\b',
    '😀',
    '\ud800',
    '#{x}',
    ';',
    'NULL',
    "x' UNION ALL SELECT * FROM system.tables --",
    '__proto__',
    'constructor',
  ]
  it.each(corpus)('are never part of the statement: %j', async (value) => {
    for (const name of ['platform', 'request_id', 'error_code', 'model']) {
      const text = enc(`\\${value}`.toWellFormed())
      const { status, body } = await api.get<Listed>(`?from=now-1h&limit=1000&${name}=${text}`)
      expect(status).toBe(200)
      expect(body.events).toEqual([])
      const excluded = await api.get<Listed>(`?from=now-1h&limit=1000&fields=event_id&${name}=!${text}`)
      expect(excluded.body.events).toHaveLength(events.length)
    }
    expect((await api.get(`?from=now-1h&q=${enc(`a ${value.toWellFormed()}`)}`)).status).toBe(200)
  })

  it('come back as they were stored', async () => {
    const stored = corpus.map((value, index) => ({
      ...(events[0] as StringEvent),
      event_id: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      created_at: nowMs - 90 * 60_000 + index,
      request_id: value.toWellFormed(),
    }))
    await api.insert(stored)
    for (const item of stored) {
      const { body } = await api.get<{ events: { request_id: string }[] }>(
        `?request_id=${enc(`\\${item.request_id}`)}&from=now-2h&to=now-1h`,
      )
      expect(body.events.map((found) => found.request_id)).toEqual([item.request_id])
    }
  })
})
