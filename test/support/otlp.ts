import { randomBytes } from 'node:crypto'

type Value = string | number | boolean | readonly string[]

function anyValue(value: Value): Record<string, unknown> {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number')
    return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  return { arrayValue: { values: value.map(anyValue) } }
}

export function keyValues(attributes: Readonly<Record<string, Value>>): unknown[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }))
}

export interface SpanInput {
  readonly traceId?: string
  readonly spanId?: string
  readonly kind?: number
  readonly startMs?: number
  readonly endMs?: number
  readonly attributes?: Readonly<Record<string, Value>>
  readonly events?: readonly {
    name?: string
    timeMs?: number
    timeUnixNano?: string
    attributes?: Readonly<Record<string, Value>>
  }[]
}

export function span(input: SpanInput): unknown {
  const endMs = input.endMs ?? Date.now()
  return {
    traceId: input.traceId ?? randomBytes(16).toString('hex'),
    spanId: input.spanId ?? randomBytes(8).toString('hex'),
    name: 'POST',
    kind: input.kind ?? 3,
    startTimeUnixNano: `${input.startMs ?? endMs - 100}000000`,
    endTimeUnixNano: `${endMs}000000`,
    attributes: keyValues(input.attributes ?? {}),
    events: (input.events ?? []).map((event) => ({
      name: event.name ?? 'ops.upstream_error',
      timeUnixNano: event.timeUnixNano ?? `${event.timeMs ?? endMs}000000`,
      attributes: keyValues(event.attributes ?? {}),
    })),
  }
}

/** An ExportTraceServiceRequest in JSON. */
export function traceExport(
  spans: readonly unknown[],
  resource: Readonly<Record<string, Value>> = {},
): unknown {
  return {
    resourceSpans: [
      { resource: { attributes: keyValues(resource) }, scopeSpans: [{ scope: { name: 'test' }, spans }] },
    ],
  }
}

/** A CLIENT span with one upstream error. */
export function upstreamError(attributes: Readonly<Record<string, Value>>, timeMs = Date.now()): unknown {
  return span({
    endMs: timeMs,
    events: [
      {
        timeMs,
        attributes: { 'gen_ai.provider.name': 'openai', 'http.response.status_code': 429, ...attributes },
      },
    ],
  })
}

export function post(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const raw = typeof body === 'string' || body instanceof Uint8Array
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: raw ? (body as string) : JSON.stringify(body),
  })
}
