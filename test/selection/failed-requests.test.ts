import { describe, expect, it } from 'vitest'
import { keyValues, type SpanInput, span, traceExport, upstreamError } from '../support/otlp.ts'
import { toProtobuf } from '../support/otlp-protobuf.ts'
import { createSelector } from './create-selector.ts'

const select = createSelector({ exceptionEvents: true, derivedRequestErrors: true })
const traceId = '0af7651916cd43dd8448eb211c80319c'
const ids = { gateway: '00f067aa0ba902b7', proxy: '00f067aa0ba902b8', attempt: '00f067aa0ba902b9' }
const endMs = 1_795_000_000_000

interface Extra {
  readonly parentSpanId?: string
  readonly status?: { code: number; message?: string }
}
const make = (input: SpanInput, extra: Extra = {}): unknown => ({
  ...(span({ traceId, endMs, ...input }) as object),
  ...extra,
})
const attempt = (extra: Extra = { parentSpanId: ids.gateway }) =>
  make(
    { spanId: ids.attempt, kind: 3, events: [{ attributes: { 'http.response.status_code': 529 } }] },
    extra,
  )
const server = (input: SpanInput = {}, extra: Extra = { status: { code: 2 } }) =>
  make({ spanId: ids.gateway, kind: 2, ...input }, extra)

/** The derived records of an export, the same from both encodings. */
function derivedFrom(spans: readonly unknown[]) {
  const request = traceExport(spans, { 'service.name': 'gw' })
  const found = [
    select('traces', 'json', Buffer.from(JSON.stringify(request))),
    select('traces', 'protobuf', toProtobuf(request)),
  ].map(({ selected, eventCount }) => ({
    records: selected
      .filter((event) => event.attributes.has('ops.request.derived'))
      .map(({ name, spanId, timeUnixNano, ordinal, resource }) => ({
        name,
        spanId,
        timeUnixNano,
        ordinal,
        service: resource.get('service.name'),
      })),
    eventCount,
    selectedCount: selected.length,
  }))
  expect(found[1]).toEqual(found[0])
  return found[0] as (typeof found)[number]
}
const spanIdsOf = (spans: readonly unknown[]) => derivedFrom(spans).records.map(({ spanId }) => spanId)

describe('the record of a failed request whose gateway emits none', () => {
  it('is made of the SERVER span above the upstream error, wherever it stands in the export', () => {
    const record = {
      name: 'ops.request_error',
      spanId: ids.gateway,
      timeUnixNano: BigInt(endMs) * 1_000_000n,
      ordinal: 0,
      service: 'gw',
    }
    for (const spans of [
      [attempt(), server()],
      [server(), attempt()],
    ])
      expect(derivedFrom(spans)).toEqual({ records: [record], eventCount: 2, selectedCount: 2 })
  })

  it('is made by the status that the client got, too', () => {
    const answered = (status: number) => server({ attributes: { 'http.response.status_code': status } }, {})
    expect(spanIdsOf([attempt(), answered(503)])).toEqual([ids.gateway])
    expect(spanIdsOf([attempt(), answered(429)])).toEqual([ids.gateway])
    expect(spanIdsOf([attempt(), answered(200)])).toEqual([])
  })

  it('is not made when the request came through, has a record of its own, or has no upstream error', () => {
    const own = server({ events: [{ name: 'ops.request_error' }] })
    expect(spanIdsOf([attempt(), server({}, {})])).toEqual([])
    expect(spanIdsOf([attempt(), own])).toEqual([])
    expect(spanIdsOf([server()])).toEqual([])
    const other = { ...(upstreamError({}) as object), traceId: 'f'.repeat(32) }
    expect(spanIdsOf([other, server()])).toEqual([])
  })

  it('is one for each trace: of the span right above the error, else of the one that began last', () => {
    const proxy = server({ spanId: ids.proxy, startMs: endMs - 900 })
    expect(spanIdsOf([proxy, server({ startMs: endMs - 950 }), attempt()])).toEqual([ids.gateway])
    const deeper = attempt({ parentSpanId: '1'.repeat(16) })
    expect(spanIdsOf([proxy, server({ startMs: endMs - 800 }), deeper])).toEqual([ids.gateway])
  })

  it('is not made while it is switched off', () => {
    const off = createSelector({ exceptionEvents: true })
    const body = toProtobuf(traceExport([attempt(), server()]))
    expect(off('traces', 'protobuf', body).selected.length).toBe(1)
  })

  it('costs an export nothing when a span that nothing else looks into is broken', () => {
    const broken = { traceId: 'not hex', kind: 2, attributes: keyValues({}) }
    const body = Buffer.from(JSON.stringify(traceExport([attempt(), broken])))
    expect(select('traces', 'json', body).selected.length).toBe(1)
  })
})
