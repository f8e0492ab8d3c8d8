import { encodeCursor, requestDigest } from '../../src/store/cursor.ts'
import { needle } from './generate.ts'

export interface Question {
  readonly name: string
  /** After `/api/v1`; each run asks with other values, so that no answer is remembered. */
  path(run: number): string
  /** The same over `otel_traces`. */
  otel?(run: number): string
  /** The same over PostgreSQL. */
  postgres?(run: number): string
  /** The number that all of them have to agree on. */
  agreeOn?(body: unknown): number
}

/** An event somewhere in the range. */
export interface KnownEvent {
  readonly requestId: string
  readonly traceId: string
  readonly eventId: string
  readonly upstreamRequestId: string
  readonly createdAtMs: number
}

export interface Known {
  readonly fromMs: number
  readonly toMs: number
  /** From all over the range. */
  readonly events: readonly KnownEvent[]
  /** Each the last of a page 9,999, newest first, 50 a page. */
  readonly deep: readonly KnownEvent[]
  readonly requestErrorIds: readonly string[]
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const iso = (ms: number): string => new Date(ms).toISOString()
const count = (body: unknown): number => (body as { count: number }).count
const accounts = ['3', '17', '0', '41', '120', '8', '250']

/** The questions of an operator: Q1 to Q9 of the design's measurements, and what came later. */
export function questions(known: Known): Question[] {
  const spanMs = known.toMs - known.fromMs
  const of = <Value>(values: readonly Value[], run: number): Value => values[run % values.length] as Value
  const range = (ms: number, run: number) => {
    const toMs = known.toMs - run * 7301
    return { fromMs: Math.max(known.fromMs, toMs - ms), toMs }
  }
  const times = (ms: number, run: number) => {
    const { fromMs, toMs } = range(ms, run)
    return `from=${iso(fromMs)}&to=${iso(toMs)}`
  }
  const api = (rest: string) => `/upstream-errors${rest}`

  const spans = (ms: number, run: number) => {
    const { fromMs, toMs } = range(ms, run)
    return `Timestamp >= fromUnixTimestamp64Milli(${fromMs}) AND Timestamp < fromUnixTimestamp64Milli(${toMs})`
  }
  const event = (name: string) => `Events.Attributes[1]['${name}']`
  const spanColumns = 'Timestamp, TraceId, SpanId, SpanAttributes, Events.Attributes'
  const newestSpans = (where: string) =>
    `SELECT ${spanColumns} FROM otel_traces WHERE ${where} ORDER BY Timestamp DESC LIMIT 50`
  const spanFilter = (run: number) =>
    `${event('gen_ai.provider.name')} = 'anthropic' AND ${event('http.response.status_code')} = '529' AND ${event('ops.account.id')} = '${of(accounts, run)}'`
  const spanChart = (ms: number, run: number, step: string) =>
    `SELECT ${step}(Timestamp) AS t, ${event('gen_ai.provider.name')} AS p, count() FROM otel_traces WHERE ${spans(ms, run)} GROUP BY t, p ORDER BY t`
  const spanTop = (ms: number, run: number, attribute: string) =>
    `SELECT ${event(attribute)} AS k, count() AS n FROM otel_traces WHERE ${spans(ms, run)} GROUP BY k ORDER BY n DESC LIMIT 10`

  const rows = (ms: number, run: number) => {
    const { fromMs, toMs } = range(ms, run)
    return `created_at >= '${iso(fromMs)}' AND created_at < '${iso(toMs)}'`
  }
  const newestRows = (where: string) =>
    `SELECT * FROM upstream_errors WHERE ${where} ORDER BY created_at DESC, event_id DESC LIMIT 50`
  const rowFilter = (run: number) =>
    `platform = 'anthropic' AND status_code = 529 AND account_id = '${of(accounts, run)}'`
  const rowChart = (ms: number, run: number, step: string) =>
    `SELECT date_trunc('${step}', created_at) AS t, platform, count(*) FROM upstream_errors WHERE ${rows(ms, run)} GROUP BY 1, 2 ORDER BY 1`
  const rowTop = (ms: number, run: number, column: string) =>
    `SELECT ${column}, count(*) AS n FROM upstream_errors WHERE ${rows(ms, run)} GROUP BY 1 ORDER BY 2 DESC LIMIT 10`
  const rowWords = `to_tsvector('simple', error_message) @@ to_tsquery('simple', '${needle}')`
  const rowWhere = (column: string, id: (event: KnownEvent) => string) => (run: number) =>
    `SELECT * FROM upstream_errors WHERE ${column} = '${id(of(known.events, run))}' ORDER BY created_at`

  const filter = (run: number) => `platform=anthropic&status_code=529&account_id=${of(accounts, run)}`
  const page = (place: { createdAtMs: number; eventId: string }) => {
    const whole = { from: iso(known.fromMs), to: iso(known.toMs) }
    const cursor = encodeCursor(
      { ...place, attempt: 0, range: { fromMs: known.fromMs, toMs: known.toMs } },
      requestDigest({ order: 'newest', ...whole }),
    )
    return api(`?from=${whole.from}&to=${whole.to}&order=newest&cursor=${cursor}`)
  }
  const deepRows = (run: number) => {
    const { createdAtMs, eventId } = of(known.deep, run)
    return newestRows(`(created_at, event_id) < ('${iso(createdAtMs)}', '${eventId}')`)
  }
  const deepSpans = (run: number) =>
    newestSpans(
      `${spans(spanMs, 0)} AND (Timestamp, SpanId) < (fromUnixTimestamp64Milli(${of(known.deep, run).createdAtMs}), '')`,
    )

  return [
    {
      name: 'Q1 newest 50, 1 h',
      path: (run) => api(`?${times(hourMs, run)}`),
      otel: (run) => newestSpans(spans(hourMs, run)),
      postgres: (run) => newestRows(rows(hourMs, run)),
    },
    {
      name: 'Q1 newest 50, 28 d',
      path: (run) => api(`?${times(spanMs, run)}`),
      otel: (run) => newestSpans(spans(spanMs, run)),
      postgres: (run) => newestRows(rows(spanMs, run)),
    },
    {
      name: 'Q2 platform, status and account, 24 h',
      path: (run) => api(`?${times(dayMs, run)}&${filter(run)}`),
      otel: (run) => newestSpans(`${spans(dayMs, run)} AND ${spanFilter(run)}`),
      postgres: (run) => newestRows(`${rows(dayMs, run)} AND ${rowFilter(run)}`),
    },
    {
      name: 'Q2 platform, status and account, 28 d',
      path: (run) => api(`?${times(spanMs, run)}&${filter(run)}`),
      otel: (run) => newestSpans(`${spans(spanMs, run)} AND ${spanFilter(run)}`),
      postgres: (run) => newestRows(`${rows(spanMs, run)} AND ${rowFilter(run)}`),
    },
    {
      name: 'Q3 chart by minute, 1 h',
      path: (run) => api(`/histogram?${times(hourMs, run)}&bucket=1m&by=platform`),
      otel: (run) => spanChart(hourMs, run, 'toStartOfMinute'),
      postgres: (run) => rowChart(hourMs, run, 'minute'),
    },
    {
      name: 'Q3 chart by hour, 24 h',
      path: (run) => api(`/histogram?${times(dayMs, run)}&bucket=1h&by=platform`),
      otel: (run) => spanChart(dayMs, run, 'toStartOfHour'),
      postgres: (run) => rowChart(dayMs, run, 'hour'),
    },
    {
      name: 'Q3 chart by hour, 28 d',
      path: (run) => api(`/histogram?${times(spanMs, run)}&bucket=1h&by=platform`),
      otel: (run) => spanChart(spanMs, run, 'toStartOfHour'),
      postgres: (run) => rowChart(spanMs, run, 'hour'),
    },
    {
      name: 'Q4 top 10 accounts, 24 h',
      path: (run) => api(`/top?${times(dayMs, run)}&dimension=account_id`),
      otel: (run) => spanTop(dayMs, run, 'ops.account.id'),
      postgres: (run) => rowTop(dayMs, run, 'account_id'),
    },
    {
      name: 'Q4 top 10 accounts, 28 d',
      path: (run) => api(`/top?${times(spanMs, run)}&dimension=account_id`),
      otel: (run) => spanTop(spanMs, run, 'ops.account.id'),
      postgres: (run) => rowTop(spanMs, run, 'account_id'),
    },
    {
      name: 'Q4 top 10 models, 28 d',
      path: (run) => api(`/top?${times(spanMs, run)}&dimension=model`),
      otel: (run) => spanTop(spanMs, run, 'gen_ai.request.model'),
      postgres: (run) => rowTop(spanMs, run, 'model'),
    },
    {
      name: 'Q5 one request, any time',
      path: (run) => api(`?request_id=${of(known.events, run).requestId}`),
      otel: (run) =>
        `SELECT ${spanColumns} FROM otel_traces WHERE SpanAttributes['ops.request.id'] = '${of(known.events, run).requestId}'`,
      postgres: rowWhere('request_id', (event) => event.requestId),
    },
    {
      name: 'Q5 one trace, any time',
      path: (run) => api(`?trace_id=${of(known.events, run).traceId}`),
      otel: (run) => {
        const { traceId } = of(known.events, run)
        // As the exporter's documentation asks for a trace: its times first, from the table beside it.
        return `WITH '${traceId}' AS id, (SELECT min(Start) FROM otel_traces_trace_id_ts WHERE TraceId = id) AS start,
          (SELECT max(End) + 1 FROM otel_traces_trace_id_ts WHERE TraceId = id) AS end
          SELECT ${spanColumns} FROM otel_traces WHERE TraceId = id AND Timestamp >= start AND Timestamp <= end`
      },
      postgres: rowWhere('trace_id', (event) => event.traceId),
    },
    {
      name: 'Q5 one event with bodies, any time',
      path: (run) => api(`/${of(known.events, run).eventId}`),
      postgres: rowWhere('event_id', (event) => event.eventId),
    },
    {
      name: 'Q5 the id of the provider, any time',
      path: (run) => api(`?upstream_request_id=${of(known.events, run).upstreamRequestId}`),
      otel: (run) =>
        `SELECT ${spanColumns} FROM otel_traces WHERE ${event('ops.upstream.request.id')} = '${of(known.events, run).upstreamRequestId}'`,
      postgres: rowWhere('upstream_request_id', (event) => event.upstreamRequestId),
    },
    {
      name: 'Q6 a rare word in messages, 24 h',
      path: (run) => api(`?${times(dayMs, run)}&q=${needle}`),
      otel: (run) =>
        newestSpans(`${spans(dayMs, run)} AND ${event('exception.message')} ILIKE '%${needle}%'`),
      postgres: (run) => newestRows(`${rows(dayMs, run)} AND ${rowWords}`),
    },
    {
      name: 'Q6 a rare word in messages, 28 d',
      path: (run) => api(`?${times(spanMs, run)}&q=${needle}`),
      otel: (run) =>
        newestSpans(`${spans(spanMs, run)} AND ${event('exception.message')} ILIKE '%${needle}%'`),
      postgres: (run) => newestRows(`${rows(spanMs, run)} AND ${rowWords}`),
    },
    { name: 'Q7 page 2 of 28 d', path: (run) => page(firstPageEnd(known, run)) },
    {
      name: 'Q7 page 10,000 of 28 d',
      path: (run) => page(of(known.deep, run)),
      otel: deepSpans,
      postgres: deepRows,
    },
    {
      name: 'Q8 count by platform and status, 24 h',
      path: (run) => api(`/count?${times(dayMs, run)}&status_code=529&platform=anthropic`),
      otel: (run) =>
        `SELECT count() AS count FROM otel_traces WHERE ${spans(dayMs, run)} AND ${event('http.response.status_code')} = '529' AND ${event('gen_ai.provider.name')} = 'anthropic'`,
      postgres: (run) =>
        `SELECT count(*) FROM upstream_errors WHERE ${rows(dayMs, run)} AND status_code = 529 AND platform = 'anthropic'`,
      agreeOn: count,
    },
    {
      name: 'Q8 count by platform and status, 28 d',
      path: (run) => api(`/count?${times(spanMs, run)}&status_code=529&platform=anthropic`),
      otel: (run) =>
        `SELECT count() AS count FROM otel_traces WHERE ${spans(spanMs, run)} AND ${event('http.response.status_code')} = '529' AND ${event('gen_ai.provider.name')} = 'anthropic'`,
      postgres: (run) =>
        `SELECT count(*) FROM upstream_errors WHERE ${rows(spanMs, run)} AND status_code = 529 AND platform = 'anthropic'`,
      agreeOn: count,
    },
    {
      name: 'count by user, 24 h (raw)',
      path: (run) => api(`/count?${times(dayMs, run)}&user_id=${run * 31}`),
      otel: (run) =>
        `SELECT count() AS count FROM otel_traces WHERE ${spans(dayMs, run)} AND ${event('user.id')} = '${run * 31}'`,
      postgres: (run) =>
        `SELECT count(*) FROM upstream_errors WHERE ${rows(dayMs, run)} AND user_id = '${run * 31}'`,
      agreeOn: count,
    },
    { name: 'groups, 24 h', path: (run) => api(`/groups?${times(dayMs, run)}`) },
    { name: 'groups, 28 d', path: (run) => api(`/groups?${times(spanMs, run)}`) },
    { name: 'throttling, 24 h', path: (run) => api(`/throttling?${times(dayMs, run)}`) },
    {
      name: 'request errors, newest 20 and total, 24 h',
      path: (run) => `/errors?${requestTimes(range(dayMs, run))}`,
    },
    {
      name: 'request errors, newest 20 and total, 28 d',
      path: (run) => `/errors?${requestTimes(range(spanMs, run))}`,
    },
    {
      name: 'request errors by platform, status and word, 28 d',
      path: (run) =>
        `/errors?${requestTimes(range(spanMs, run))}&platform=anthropic&status_codes=429,529&query=overloaded`,
    },
    {
      name: 'one request error with its attempts',
      path: (run) => `/errors/${of(known.requestErrorIds, run)}`,
    },
  ]
}

function requestTimes({ fromMs, toMs }: { fromMs: number; toMs: number }): string {
  return `start_time=${iso(fromMs)}&end_time=${iso(toMs)}`
}

/** About where a first page ends; another one each run. */
function firstPageEnd(known: Known, run: number): { createdAtMs: number; eventId: string } {
  return { createdAtMs: known.toMs - 60_000 - run * 1000, eventId: '00000000-0000-4000-8000-000000000000' }
}
