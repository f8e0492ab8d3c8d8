import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMessageParser, type SseMessage } from '../../src/console/api/sse-messages.ts'
import type { UpstreamError } from '../../src/console/api/types.ts'
import { asCurl } from '../../src/console/detail/as-curl.ts'
import { traceLink } from '../../src/console/detail/trace-link.ts'
import { changeOf, errorCount } from '../../src/console/format/number.ts'
import { filterKinds } from '../../src/console/url-state/filter-names.ts'
import { addFilter, filterFor, filterValue, parseTyped } from '../../src/console/url-state/filters.ts'
import { previousRange } from '../../src/console/url-state/time-range.ts'
import {
  formatUrlState,
  parseUrlState,
  selectionQuery,
  type UrlState,
} from '../../src/console/url-state/url-state.ts'
import { filterColumns } from '../../src/store/queries/filter-columns.ts'

describe('the address', () => {
  it('brings back every state', () => {
    const filter = fc.record({
      name: fc.constantFrom('platform', 'model', 'q', 'status_code'),
      text: fc.string({ unit: 'grapheme' }),
    })
    const states = fc.record<UrlState>({
      view: fc.constantFrom('overview', 'errors', 'groups'),
      range: fc.constantFrom({ from: 'now-1h', to: '' }, { from: 'now-7d', to: 'now-1d' }),
      filters: fc.array(filter),
      split: fc.constantFrom('status_code', 'platform', 'account_id'),
      groups: fc.constantFrom('all', 'open', 'resolved', 'muted'),
      columns: fc.constantFrom(undefined, ['created_at', 'model']),
      live: fc.boolean(),
      event: fc.constantFrom(undefined, 'c13212a5-491c-d4f9-a72a-c6e947d2bc7a'),
    })
    fc.assert(
      fc.property(states, (state) => {
        expect(parseUrlState(formatUrlState(state))).toEqual(state)
      }),
    )
  })

  it('leaves out what it does not know', () => {
    const state = parseUrlState('?view=nowhere&event=x&__proto__=1&from=&constructor=2')
    expect(state).toMatchObject({ view: 'overview', filters: [], event: undefined })
    expect(formatUrlState(state)).toBe('')
  })
})

describe('filters', () => {
  it('are those of the API', () => {
    expect(Object.keys(filterKinds).toSorted()).toEqual(filterColumns.map(({ name }) => name).toSorted())
  })

  it.each([
    ['platform:openai', 'platform', 'openai'],
    ['-platform:openai', 'platform', '!openai'],
    ['status:5xx', 'status_code', '5xx'],
    ['latency:>=1000', 'latency_ms', '>=1000'],
    ['model:"a b"', 'model', 'a b'],
    ['quota exceeded', 'q', 'quota exceeded'],
    ['-timeout', 'q', '!timeout'],
    ['nonsense:1', 'q', 'nonsense:1'],
  ])('reads %s', (typed, name, text) => expect(parseTyped(typed)).toEqual({ name, text }))

  it('find a value whatever is in it', () => {
    fc.assert(
      fc.property(fc.string(), fc.boolean(), (value, exclude) => {
        expect(filterValue(filterFor('model', value, exclude))).toBe(value)
      }),
    )
    expect(filterFor('error_code', '!important').text).toBe('\\!important')
  })

  it('never hold a condition beside its opposite', () => {
    const both = addFilter([{ name: 'model', text: 'a' }], { name: 'model', text: '!a' })
    expect(both).toEqual([{ name: 'model', text: '!a' }])
  })

  it('and range make the query of the API', () => {
    const range = { from: 'now-1h', to: '' }
    expect(selectionQuery({ range, filters: [{ name: 'q', text: 'a&b' }] }, { by: 'model' })).toBe(
      'from=now-1h&q=a%26b&by=model',
    )
    expect(previousRange(range)).toEqual({ from: 'now-2h', to: 'now-1h' })
    expect(previousRange({ from: '2026-01-01T01:00:00Z', to: '2026-01-01T03:00:00Z' })).toEqual({
      from: '2025-12-31T23:00:00.000Z',
      to: '2026-01-01T01:00:00.000Z',
    })
  })
})

describe('what is copied and linked', () => {
  it('is one command for the shell, whatever the event holds', () => {
    const event = {
      upstream_host: "a'; rm -rf /; '",
      upstream_path: '/v1',
      request_headers: { 'x-a': "it's", host: 'a' },
      request_body: "{'$(id)'}",
    } as unknown as UpstreamError
    const command = asCurl(event)
    expect(command).toContain(`'https://a'\\''; rm -rf /; '\\''/v1'`)
    expect(command).toContain(`-H 'x-a: it'\\''s'`)
    expect(command).not.toContain('host:')
    expect(command).toContain(`--data-raw '{'\\''$(id)'\\''}'`)
  })

  it('is a link to http or https only', () => {
    expect(traceLink('https://t/{trace_id}/{span_id}', { trace_id: 'ab', span_id: 'cd' })).toBe(
      'https://t/ab/cd',
    )
    expect(traceLink('https://t/{trace_id}', { trace_id: null })).toBeUndefined()
    expect(traceLink('javascript:{trace_id}', { trace_id: 'ab' })).toBeUndefined()
  })
})

describe('the event stream', () => {
  it('gives the same messages however its text is cut', () => {
    const text =
      'retry: 2000\n\n: heartbeat\n\nid: 1\nevent: upstream_error\ndata: {"a":1}\n\nevent: gap\ndata: {}\n\n'
    fc.assert(
      fc.property(fc.array(fc.nat(text.length)), (cuts) => {
        const messages: SseMessage[] = []
        const parse = createMessageParser((message) => messages.push(message))
        const at = [0, ...cuts.toSorted((a, b) => a - b), text.length]
        for (let index = 1; index < at.length; index++) parse(text.slice(at[index - 1], at[index]))
        expect(messages).toEqual([
          { event: 'upstream_error', id: '1', data: '{"a":1}' },
          { event: 'gap', id: '1', data: '{}' },
        ])
      }),
    )
  })
})

it.each([
  [5, 5, 'same', 'no change'],
  [5, 0, 'new', 'new'],
  [15, 10, 'up', '50 %'],
  [40, 10, 'up', '4.0×'],
  [200, 10, 'up', '20×'],
  [5, 10, 'down', '50 %'],
])('%d after %d is %s', (count, before, direction, text) =>
  expect(changeOf(count, before)).toEqual({ direction, text }),
)

it.each([
  [0, '0 errors'],
  [1, '1 error'],
  [2000, '2,000 errors'],
])('%d is written as %s', (count, text) => expect(errorCount(count)).toBe(text))
