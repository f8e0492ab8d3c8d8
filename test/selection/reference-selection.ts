import type { Signal } from '../../src/event/selected-event.ts'
import type { PlainValue } from '../support/attributes.ts'
import type { PlainEvent, Selection } from './create-selector.ts'
import { decodeProtobuf } from './otlp-proto.ts'

// A selection over a full decode, written for clarity alone: what the scanners have to agree with.

type Message = Record<string, unknown>

interface Encoding {
  readonly id: (value: unknown) => string
  readonly uint64: (value: unknown) => bigint
  readonly anyValue: (value: Message) => PlainValue
}

export function referenceFromProtobuf(signal: Signal, body: Uint8Array, exceptionEvents: boolean): Selection {
  return reference(signal, decodeProtobuf(signal, body), protobuf, exceptionEvents)
}

export function referenceFromJson(signal: Signal, body: Uint8Array, exceptionEvents: boolean): Selection {
  return reference(signal, parseExactly(Buffer.from(body).toString()), json, exceptionEvents)
}

const protobuf: Encoding = {
  id: (value) => Buffer.from((value as Uint8Array | undefined) ?? []).toString('hex'),
  uint64: (value) => BigInt(String(value ?? 0)),
  anyValue: (value) => {
    switch (value.value) {
      case 'intValue':
        return exactInteger(BigInt(String(value.intValue)))
      case 'bytesValue':
        return new Uint8Array(value.bytesValue as Uint8Array)
      case undefined:
        return null
      default:
        // What is not set reads as its default, so only the field that is set may be looked at.
        return commonValue({ [value.value as string]: value[value.value as string] }, protobuf)
    }
  },
}

const json: Encoding = {
  id: (value) => ((value as string | undefined) ?? '').toLowerCase(),
  uint64: (value) => BigInt((value as string | number | bigint | undefined) ?? 0),
  anyValue: (value) => {
    if (value.intValue !== undefined) return exactInteger(BigInt(value.intValue as string | number | bigint))
    if (value.bytesValue !== undefined)
      return new Uint8Array(Buffer.from(value.bytesValue as string, 'base64'))
    if (value.doubleValue !== undefined) return Number(value.doubleValue)
    return commonValue(value, json)
  },
}

function commonValue(value: Message, encoding: Encoding): PlainValue {
  if (value.arrayValue != null) return list(value.arrayValue, 'values').map(encoding.anyValue)
  if (value.kvlistValue != null) return attributes(list(value.kvlistValue, 'values'), encoding)
  return (value.stringValue ?? value.boolValue ?? value.doubleValue ?? null) as PlainValue
}

function exactInteger(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}

/** JSON.parse, but integers that a number cannot hold are bigints. */
function parseExactly(text: string): Message {
  const reviver = (_key: string, value: unknown, context: { source?: string }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context.source ?? '')
      ? BigInt(context.source ?? '')
      : value
  return JSON.parse(text, reviver as Parameters<typeof JSON.parse>[1]) as Message
}

function list(message: unknown, field: string): Message[] {
  return ((message as Message | undefined | null)?.[field] ?? []) as Message[]
}

function attributes(keyValues: Message[], encoding: Encoding): PlainEvent['attributes'] {
  return new Map(
    keyValues.map(({ key, value }) => [
      (key as string | undefined) ?? '',
      value == null ? null : encoding.anyValue(value as Message),
    ]),
  )
}

function reference(
  signal: Signal,
  request: Message,
  encoding: Encoding,
  exceptionEvents: boolean,
): Selection {
  const selected: PlainEvent[] = []
  let itemCount = 0
  let eventCount = 0
  for (const resourceGroup of list(request, signal === 'traces' ? 'resourceSpans' : 'resourceLogs')) {
    const resource = attributes(list(resourceGroup.resource, 'attributes'), encoding)
    for (const scopeGroup of list(resourceGroup, signal === 'traces' ? 'scopeSpans' : 'scopeLogs')) {
      const scopeMessage = (scopeGroup.scope ?? {}) as Message
      const scope = {
        name: text(scopeMessage.name),
        version: text(scopeMessage.version),
        attributes: attributes(list(scopeMessage, 'attributes'), encoding),
      }
      for (const item of list(scopeGroup, signal === 'traces' ? 'spans' : 'logRecords')) {
        const itemIndex = itemCount++
        const shared = {
          ids: [id(item.traceId, 16), id(item.spanId, 8)] as const,
          itemIndex,
          scope,
          resource,
        }
        const named = signal === 'traces' ? spanEvents(item, shared) : logEvent(item, shared)
        eventCount += signal === 'traces' ? named.length : 1
        selected.push(...named.filter((event) => isSelected(event, named)))
      }
    }
  }
  return { itemCount, eventCount, selected: signal === 'traces' ? selected : withLogOrdinals(selected) }

  function id(value: unknown, size: number): string {
    const hex = encoding.id(value)
    return hex.length === 2 * size && /[^0]/.test(hex) ? hex : ''
  }

  function spanEvents(span: Message, shared: Shared): PlainEvent[] {
    const status = (span.status ?? {}) as Message
    const spanOfEvent = {
      name: text(span.name),
      kind: number(span.kind),
      parentSpanId: id(span.parentSpanId, 8),
      startTimeUnixNano: encoding.uint64(span.startTimeUnixNano),
      endTimeUnixNano: encoding.uint64(span.endTimeUnixNano),
      statusCode: number(status.code),
      statusMessage: text(status.message),
      attributes: attributes(list(span, 'attributes'), encoding),
      droppedAttributesCount: number(span.droppedAttributesCount),
      droppedEventsCount: number(span.droppedEventsCount),
    }
    const events = list(span, 'events').map((event) => ({
      ...common(event, encoding.uint64(event.timeUnixNano), text(event.name), shared),
      signal: 'traces' as const,
      span: spanOfEvent,
      body: undefined,
    }))
    return events.map((event, i) => ({
      ...event,
      ordinal: events
        .slice(0, i)
        .filter((earlier) => earlier.name === event.name && earlier.timeUnixNano === event.timeUnixNano)
        .length,
    }))
  }

  function logEvent(record: Message, shared: Shared): PlainEvent[] {
    const time = encoding.uint64(record.timeUnixNano) || encoding.uint64(record.observedTimeUnixNano)
    const event = common(record, time, text(record.eventName), shared)
    const older = event.attributes.get('event.name')
    const name = event.name === '' && typeof older === 'string' ? older : event.name
    const body = record.body == null ? null : encoding.anyValue(record.body as Message)
    return [{ ...event, name, signal: 'logs', span: undefined, body }]
  }

  function common(event: Message, timeUnixNano: bigint, name: string, shared: Shared) {
    const { ids, itemIndex, scope, resource } = shared
    return {
      name,
      timeUnixNano,
      traceId: ids[0],
      spanId: ids[1],
      ordinal: 0,
      itemIndex,
      attributes: attributes(list(event, 'attributes'), encoding),
      droppedAttributesCount: number(event.droppedAttributesCount),
      scope,
      resource,
    }
  }

  function isSelected(event: PlainEvent, inSpan: readonly PlainEvent[]): boolean {
    if (event.name === 'ops.upstream_error' || event.name === 'ops.request_error') return true
    if (event.name !== 'exception' && event.name !== 'gen_ai.client.operation.exception') return false
    if (!exceptionEvents || inSpan.some((other) => other.name === 'ops.upstream_error')) return false
    return [event.attributes, event.span?.attributes ?? new Map<string, PlainValue>()].some(tellsOfProvider)
  }

  function withLogOrdinals(events: readonly PlainEvent[]): PlainEvent[] {
    const identity = ({ traceId, spanId, name, timeUnixNano }: PlainEvent) =>
      [traceId, spanId, name, timeUnixNano].join()
    return events.map((event, i) => ({
      ...event,
      ordinal: events.slice(0, i).filter((earlier) => identity(earlier) === identity(event)).length,
    }))
  }
}

interface Shared {
  readonly ids: readonly [string, string]
  readonly itemIndex: number
  readonly scope: PlainEvent['scope']
  readonly resource: PlainEvent['attributes']
}

function tellsOfProvider(attributes: PlainEvent['attributes']): boolean {
  const isPresent = (key: string) =>
    !['', null, undefined].includes(attributes.get(key) as string | undefined)
  const isFailure = (key: string) => {
    const value = attributes.get(key)
    const status = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
    return status === 429 || (typeof status === 'number' && status >= 500 && status < 600)
  }
  return (
    isPresent('gen_ai.provider.name') ||
    isPresent('gen_ai.system') ||
    isFailure('http.response.status_code') ||
    isFailure('http.status_code')
  )
}

function text(value: unknown): string {
  return (value as string | undefined | null) ?? ''
}

function number(value: unknown): number {
  return Number(value ?? 0)
}
