import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toBatch } from '../../src/delivery/freeze-cycle.ts'
import { countSource } from '../../src/store/queries/count-source.ts'
import type { Filter } from '../../src/store/queries/filters.ts'
import { type ListOrder, listQuery } from '../../src/store/queries/list-upstream-errors.ts'
import { renderParameters } from '../../src/store/render-parameters.ts'
import { row } from '../support/rows.ts'
import { openTestStore, type TestStore } from '../support/store.ts'

const toMs = Date.now()
const fromMs = toMs - 3_600_000
const rowCount = 50_000
const range = { fromMs, toMs }
let store: TestStore
beforeAll(async () => {
  store = await openTestStore()
  const id = randomUUID()
  const rows = Array.from({ length: rowCount }, (_, index) =>
    row(`i${index}`, fromMs + Math.floor((index * 3_600_000) / rowCount), {
      error_message: index === 7777 ? 'the needle in it' : `Rate limit reached ${index}`,
      trace_id: index.toString(16).padStart(32, '0'),
    }),
  )
  const stored = await store.delivery.insert(toBatch(id, rows), id)
  expect(stored).toEqual({ status: 'stored' })
  // A part gets its indexes when it is merged for the first time.
  await store.clients.writer.command({ query: 'OPTIMIZE TABLE ops_upstream_error_events FINAL' })
})
afterAll(() => store.close())

/** Granules that are read after the last index, of those that there are. */
async function granules(
  sql: string,
  params: Readonly<Record<string, unknown>>,
): Promise<[read: number, all: number]> {
  const lines = await store.rows<{ explain: string }>(`EXPLAIN indexes = 1 ${renderParameters(sql, params)}`)
  const found = lines.flatMap(({ explain }) => [...explain.matchAll(/Granules: (\d+)\/(\d+)/g)])
  return [Number(found.at(-1)?.[1]), Number(found[0]?.[2])]
}

const text = (column: string, value: string): Filter => ({
  form: 'text',
  column,
  include: [value],
  exclude: [],
})
const message = (words: string[], phrases: string[]): Filter => ({
  form: 'message',
  column: 'error_message',
  include: [{ words, phrases }],
  exclude: [],
})
const list = (filters: readonly Filter[], order: ListOrder = 'newest', after?: number) =>
  listQuery(
    {
      range,
      filters,
      order,
      columns: [],
      limit: 50,
      after:
        after === undefined
          ? undefined
          : { createdAtMs: after, eventId: '00000000-0000-4000-8000-000000000000', attempt: 0 },
    },
    'event_id',
  )

describe('indexes', () => {
  it.each([
    ['words of the message', [message(['needle'], [])], 2],
    ['a phrase of the message', [message([], ['needle in it'])], 2],
    ['both', [message(['the'], ['in it'])], 2],
    // One in 40,000 granules passes the three filters of an id without having it.
    ['the request', [text('request_id', 'i9000')], 2],
    ['the trace', [text('trace_id', (9000).toString(16).padStart(32, '0'))], 2],
  ])('find %s without reading the rest', async (_, filters, most) => {
    const { sql, params } = list(filters)
    const [read, all] = await granules(sql, params)
    expect(all).toBeGreaterThan(16)
    expect(read).toBeLessThanOrEqual(most)
  })

  it('find what has not been merged yet, and so has none, beside what has', async () => {
    const id = randomUUID()
    const rows = ['i9000', 'late'].map((name, index) =>
      row(name, toMs - 1000 - index, { error_message: `one more needle in it: ${name}` }),
    )
    expect(await store.delivery.insert(toBatch(id, rows), id)).toEqual({ status: 'stored' })
    const found = async (filter: Filter) => {
      const { sql, params } = list([filter])
      return (await store.rows(renderParameters(sql, params))).length
    }
    expect(await found(message(['needle'], []))).toBe(3)
    expect(await found(message([], ['needle in it']))).toBe(3)
    expect(await found(text('request_id', 'i9000'))).toBe(2)
    expect(await found(text('request_id', 'late'))).toBe(1)
  })

  it.each(['newest', 'oldest'] as const)('let a deep page read only what is after it: %s', async (order) => {
    const edge = order === 'newest' ? fromMs + 300_000 : toMs - 300_000
    const { sql, params } = list([], order, edge)
    const [read, all] = await granules(sql, params)
    expect(read).toBeLessThanOrEqual(Math.ceil(all / 12) + 1)
  })

  it('let counts read only the edges of their range', () => {
    const ragged = {
      fromMs: Math.ceil(fromMs / 60_000) * 60_000 - 1 - 3 * 3_600_000,
      toMs: Math.floor(toMs / 60_000) * 60_000 + 1,
    }
    const { sql, params, origin } = countSource({}, { range: ragged, filters: [text('platform', 'openai')] })
    expect(origin).toBe('mixed')
    expect(sql.match(/ops_upstream_error_events/g)).toHaveLength(2)
    expect(Number(params.a_to_ms) - Number(params.a_from_ms)).toBe(1)
    expect(Number(params.b_to_ms) - Number(params.b_from_ms)).toBe(1)
  })

  it('let counts read the events of a brief range, unless they may be deleted', () => {
    const hourMs = 3_600_000
    const originOf = (ageMs: number) =>
      countSource(
        {},
        { range: { fromMs: Date.now() - ageMs, toMs: Date.now() - ageMs + hourMs }, filters: [] },
      ).origin
    expect(originOf(hourMs)).toBe('raw')
    expect(originOf(25 * hourMs)).not.toBe('raw')
  })
})
