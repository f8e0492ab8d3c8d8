import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

export type Value = string | number | boolean | readonly Value[] | undefined
export type AttributeObject = Readonly<Record<string, Value>>

export interface ReceivedEvent {
  readonly name: string
  readonly timeUnixNano: bigint
  readonly attributes: AttributeObject
  readonly traceId: string
  readonly spanId: string
  readonly resource: AttributeObject
  /** Undefined for a log record. */
  readonly span: ReceivedSpan | undefined
}

export interface ReceivedSpan {
  readonly name: string
  /** 2 server, 3 client. */
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly startTimeUnixNano: bigint
  readonly endTimeUnixNano: bigint
  readonly attributes: AttributeObject
  readonly status: { readonly code?: number; readonly message?: string }
}

export interface OtlpReceiver {
  readonly url: string
  readonly spans: ReceivedSpan[]
  readonly events: ReceivedEvent[]
  /** Everything received, as text: what a planted secret must not be found in. */
  readonly bodies: string[]
  readonly requests: { readonly path: string; readonly headers: Readonly<Record<string, unknown>> }[]
  named(name: string): ReceivedEvent[]
  close(): Promise<void>
}

/** What is read of OTLP/JSON (opentelemetry-proto 1.x). */
interface OtlpValue {
  readonly stringValue?: string
  readonly boolValue?: boolean
  readonly intValue?: string | number
  readonly doubleValue?: number
  readonly arrayValue?: { readonly values?: readonly OtlpValue[] }
}
type OtlpAttributes = readonly { readonly key: string; readonly value?: OtlpValue }[]
interface OtlpEvent {
  readonly name?: string
  readonly eventName?: string
  readonly timeUnixNano?: string
  readonly traceId?: string
  readonly spanId?: string
  readonly attributes?: OtlpAttributes
}
interface OtlpSpan extends OtlpEvent {
  readonly kind?: number
  readonly parentSpanId?: string
  readonly startTimeUnixNano?: string
  readonly endTimeUnixNano?: string
  readonly status?: ReceivedSpan['status']
  readonly events?: readonly OtlpEvent[]
}
interface OtlpMessage {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: OtlpAttributes }
    readonly scopeSpans?: readonly { readonly spans?: readonly OtlpSpan[] }[]
  }[]
  readonly resourceLogs?: readonly {
    readonly resource?: { readonly attributes?: OtlpAttributes }
    readonly scopeLogs?: readonly { readonly logRecords?: readonly OtlpEvent[] }[]
  }[]
}

/** An OTLP/HTTP endpoint for JSON on a loopback port, that keeps what it is sent. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = []
  const events: ReceivedEvent[] = []
  const bodies: string[] = []
  const requests: OtlpReceiver['requests'] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const bytes = Buffer.concat(chunks)
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes
    requests.push({ path: request.url ?? '', headers: request.headers })
    bodies.push(body.toString('utf8'))
    if (request.headers['content-type'] === 'application/json') collect(JSON.parse(body.toString('utf8')))
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })

  function collect(message: OtlpMessage): void {
    for (const { resource, scopeSpans = [] } of message.resourceSpans ?? []) {
      for (const item of scopeSpans.flatMap((scope) => scope.spans ?? [])) {
        const span = spanOf(item)
        spans.push(span)
        for (const event of item.events ?? []) {
          events.push({
            ...eventOf(event, resource?.attributes),
            traceId: span.traceId,
            spanId: span.spanId,
            span,
          })
        }
      }
    }
    for (const { resource, scopeLogs = [] } of message.resourceLogs ?? []) {
      for (const record of scopeLogs.flatMap((scope) => scope.logRecords ?? [])) {
        events.push(eventOf(record, resource?.attributes))
      }
    }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    events,
    bodies,
    requests,
    named: (name) => events.filter((event) => event.name === name),
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

function eventOf(event: OtlpEvent, resource: OtlpAttributes | undefined): ReceivedEvent {
  return {
    name: event.eventName ?? event.name ?? '',
    timeUnixNano: BigInt(event.timeUnixNano ?? 0),
    attributes: attributesOf(event.attributes),
    traceId: event.traceId ?? '',
    spanId: event.spanId ?? '',
    resource: attributesOf(resource),
    span: undefined,
  }
}

function spanOf(item: OtlpSpan): ReceivedSpan {
  return {
    name: item.name ?? '',
    kind: item.kind ?? 0,
    traceId: item.traceId ?? '',
    spanId: item.spanId ?? '',
    parentSpanId: item.parentSpanId ?? '',
    startTimeUnixNano: BigInt(item.startTimeUnixNano ?? 0),
    endTimeUnixNano: BigInt(item.endTimeUnixNano ?? 0),
    attributes: attributesOf(item.attributes),
    status: item.status ?? {},
  }
}

function attributesOf(list: OtlpAttributes | undefined): AttributeObject {
  return Object.fromEntries((list ?? []).map(({ key, value }) => [key, plainValue(value)]))
}

function plainValue(value: OtlpValue | undefined): Value {
  if (value?.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(plainValue)
  if (value?.intValue !== undefined) return Number(value.intValue)
  return value?.stringValue ?? value?.boolValue ?? value?.doubleValue
}
