import { encodeCursor, requestDigest } from '../../src/store/cursor.ts'
import { needle } from './generate.ts'

export interface Question {
  readonly name: string
  /** After `/api/v1/upstream-errors`. */
  readonly path: string
  /** The same over `otel_traces`. */
  readonly otel?: string
}

export interface Known {
  readonly fromMs: number
  readonly toMs: number
  readonly requestId: string
  readonly traceId: string
  readonly eventId: string
  /** An event in the middle of the range. */
  readonly middle: { readonly createdAtMs: number; readonly eventId: string }
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const iso = (ms: number): string => new Date(ms).toISOString()

/** The questions of an operator, the newest range last: Q1 to Q8 of the design's measurements, and what came later. */
export function questions(known: Known): Question[] {
  const { fromMs, toMs } = known
  const last = (ms: number) => `from=${iso(toMs - ms)}&to=${iso(toMs)}`
  const all = `from=${iso(fromMs)}&to=${iso(toMs)}`
  const deep = { order: 'newest', from: iso(fromMs), to: iso(toMs) }
  const cursor = encodeCursor({ ...known.middle, attempt: 0, range: { fromMs, toMs } }, requestDigest(deep))
  const spans = (ms: number) =>
    `Timestamp >= fromUnixTimestamp64Milli(${toMs - ms}) AND Timestamp < fromUnixTimestamp64Milli(${toMs})`
  const event = (name: string) => `Events.Attributes[1]['${name}']`
  const rows = 'Timestamp, TraceId, SpanId, SpanAttributes, Events.Attributes'
  const newest = (where: string) =>
    `SELECT ${rows} FROM otel_traces WHERE ${where} ORDER BY Timestamp DESC LIMIT 50`
  const filtered = `${event('gen_ai.provider.name')} = 'anthropic' AND ${event('http.response.status_code')} = '529' AND ${event('ops.account.id')} = '3'`
  const byTime = (ms: number, step: string) =>
    `SELECT ${step}(Timestamp) AS t, ${event('gen_ai.provider.name')} AS p, count() FROM otel_traces WHERE ${spans(ms)} GROUP BY t, p ORDER BY t`
  return [
    { name: 'newest 50, 1 h', path: `?${last(hourMs)}`, otel: newest(spans(hourMs)) },
    { name: 'newest 50, 28 d', path: `?${all}`, otel: newest(spans(28 * dayMs)) },
    {
      name: 'platform+status+account, 24 h',
      path: `?${last(dayMs)}&platform=anthropic&status_code=529&account_id=3`,
      otel: newest(`${spans(dayMs)} AND ${filtered}`),
    },
    {
      name: 'platform+status+account, 28 d',
      path: `?${all}&platform=anthropic&status_code=529&account_id=3`,
    },
    {
      name: 'chart by minute, 1 h',
      path: `/histogram?${last(hourMs)}&bucket=1m&by=platform`,
      otel: byTime(hourMs, 'toStartOfMinute'),
    },
    {
      name: 'chart by hour, 24 h',
      path: `/histogram?${last(dayMs)}&bucket=1h&by=platform`,
      otel: byTime(dayMs, 'toStartOfHour'),
    },
    {
      name: 'chart by hour, 28 d',
      path: `/histogram?${all}&bucket=1h&by=platform`,
      otel: byTime(28 * dayMs, 'toStartOfHour'),
    },
    {
      name: 'top 10 accounts, 24 h',
      path: `/top?${last(dayMs)}&dimension=account_id`,
      otel: `SELECT ${event('ops.account.id')} AS k, count() AS n FROM otel_traces WHERE ${spans(dayMs)} GROUP BY k ORDER BY n DESC LIMIT 10`,
    },
    { name: 'top 10 accounts, 28 d', path: `/top?${all}&dimension=account_id` },
    {
      name: 'one request',
      path: `?request_id=${known.requestId}`,
      otel: `SELECT ${rows} FROM otel_traces WHERE SpanAttributes['ops.request.id'] = '${known.requestId}'`,
    },
    {
      name: 'one trace',
      path: `?trace_id=${known.traceId}`,
      otel: `SELECT ${rows} FROM otel_traces WHERE TraceId = '${known.traceId}'`,
    },
    { name: 'one event', path: `/${known.eventId}` },
    {
      name: 'a word in messages, 24 h',
      path: `?${last(dayMs)}&q=${needle}`,
      otel: newest(`${spans(dayMs)} AND ${event('exception.message')} ILIKE '%${needle}%'`),
    },
    {
      name: 'a word in messages, 28 d',
      path: `?${all}&q=${needle}`,
      otel: newest(`${spans(28 * dayMs)} AND ${event('exception.message')} ILIKE '%${needle}%'`),
    },
    { name: 'page in the middle of 28 d', path: `?${all}&order=newest&cursor=${cursor}` },
    {
      name: 'filtered count, 28 d',
      path: `/count?${all}&status_code=529&platform=anthropic`,
      otel: `SELECT count() FROM otel_traces WHERE ${spans(28 * dayMs)} AND ${event('http.response.status_code')} = '529' AND ${event('gen_ai.provider.name')} = 'anthropic'`,
    },
    { name: 'groups, 24 h', path: `/groups?${last(dayMs)}` },
    { name: 'groups, 28 d', path: `/groups?${all}` },
    { name: 'throttling, 24 h', path: `/throttling?${last(dayMs)}` },
  ]
}
