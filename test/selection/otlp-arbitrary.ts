import fc from 'fast-check'
import type { Signal } from '../../src/event/selected-event.ts'

/** An export request as an object in ProtoJSON's names; 64-bit integers are bigint, ids and bytes Uint8Array. */
export type OtlpRequest = Record<string, unknown>

const eventNames = [
  'ops.upstream_error',
  'ops.request_error',
  'exception',
  'gen_ai.client.operation.exception',
]
const nearMisses = ['ops.upstream_errors', 'OPS.upstream_error', 'ops.upstream-error', 'exceptions', '']
const telltaleKeys = [
  'gen_ai.provider.name',
  'gen_ai.system',
  'http.response.status_code',
  'http.status_code',
  'event.name',
  '__proto__',
  'constructor',
]

const uint64 = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  // Few values, so that events of one span share their time.
  fc.constantFrom(0n, 1_795_424_663_510_381_863n, 1_795_424_663_510_381_864n),
)
const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(0n, -1n, 2n ** 53n - 1n, 2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n)),
  fc.constantFrom(200n, 400n, 429n, 500n, 529n, 599n, 600n),
)
const uint32 = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2 ** 32 - 1 }))
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('', '429', 'anthropic', 'quote " backslash \\ newline \n', 'é', '日本語 𝕊', ...eventNames),
  fc.string({ minLength: 60, maxLength: 200 }),
)

function id(size: number): fc.Arbitrary<Uint8Array> {
  return fc.oneof(
    { weight: 8, arbitrary: fc.uint8Array({ minLength: size, maxLength: size }) },
    { weight: 1, arbitrary: fc.constant(new Uint8Array(size)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: size + 2 }) },
  )
}

/** Any key of the record may be absent. */
function partial(model: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Record<string, unknown>> {
  return fc.record(model, { requiredKeys: [] })
}

const anyValue: fc.Arbitrary<Record<string, unknown>> = fc.letrec<{ any: Record<string, unknown> }>(
  (tie) => ({
    any: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.record({ stringValue: text }),
      fc.record({ intValue: int64 }),
      fc.record({ boolValue: fc.boolean() }),
      fc.record({ doubleValue: fc.double() }),
      fc.record({ bytesValue: fc.uint8Array({ maxLength: 9 }) }),
      fc.constant({}),
      fc.record({ arrayValue: partial({ values: fc.array(tie('any'), { maxLength: 3 }) }) }),
      fc.record({
        kvlistValue: partial({
          values: fc.array(partial({ key: text, value: tie('any') }), { maxLength: 3 }),
        }),
      }),
    ),
  }),
).any

const telltales: readonly Record<string, unknown>[] = [
  { key: 'gen_ai.provider.name', value: { stringValue: 'openai' } },
  { key: 'gen_ai.system', value: { stringValue: 'anthropic' } },
  { key: 'http.response.status_code', value: { intValue: 529n } },
  { key: 'http.status_code', value: { stringValue: '503' } },
  ...eventNames.map((name) => ({ key: 'event.name', value: { stringValue: name } })),
]

const attributes = fc.array(
  fc.oneof(
    partial({ key: text, value: anyValue }),
    fc.record({ key: fc.constantFrom(...telltaleKeys), value: anyValue }),
    fc.constantFrom(...telltales),
  ),
  { maxLength: 4 },
)
const eventName = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...eventNames) },
  { weight: 1, arbitrary: fc.constantFrom(...nearMisses) },
  { weight: 1, arbitrary: text },
)

const spanEvent = partial({
  timeUnixNano: uint64,
  name: eventName,
  attributes,
  droppedAttributesCount: uint32,
})
const span = partial({
  traceId: id(16),
  spanId: id(8),
  traceState: text,
  parentSpanId: id(8),
  name: text,
  kind: fc.integer({ min: 0, max: 5 }),
  startTimeUnixNano: uint64,
  endTimeUnixNano: uint64,
  attributes,
  droppedAttributesCount: uint32,
  events: fc.array(spanEvent, { maxLength: 4 }),
  droppedEventsCount: uint32,
  links: fc.array(partial({ traceId: id(16), spanId: id(8), attributes }), { maxLength: 1 }),
  status: partial({ message: text, code: fc.integer({ min: 0, max: 2 }) }),
  flags: uint32,
})
const logRecord = partial({
  timeUnixNano: uint64,
  severityNumber: fc.integer({ min: 0, max: 24 }),
  severityText: text,
  body: anyValue,
  attributes,
  droppedAttributesCount: uint32,
  flags: uint32,
  traceId: id(16),
  spanId: id(8),
  observedTimeUnixNano: uint64,
  eventName: fc.oneof(fc.constant(''), eventName),
})
const resource = partial({ attributes, droppedAttributesCount: uint32 })
const scope = partial({ name: text, version: text, attributes, droppedAttributesCount: uint32 })

function request(resourceGroups: string, scopeGroups: string, items: string, item: fc.Arbitrary<unknown>) {
  const scopeGroup = partial({ scope, [items]: few(item, 3), schemaUrl: text })
  const resourceGroup = partial({ resource, [scopeGroups]: few(scopeGroup, 2), schemaUrl: text })
  return partial({ [resourceGroups]: few(resourceGroup, 2) })
}

/** Seldom none at all: an empty list leaves nothing below it to test. */
function few(element: fc.Arbitrary<unknown>, maxLength: number): fc.Arbitrary<unknown[]> {
  return fc.oneof(
    { weight: 1, arbitrary: fc.constant<unknown[]>([]) },
    { weight: 6, arbitrary: fc.array(element, { minLength: 1, maxLength }) },
  )
}

/** Small requests of a signal, rich in what the scanners tell apart. */
export function otlpRequest(signal: Signal): fc.Arbitrary<OtlpRequest> {
  return signal === 'traces'
    ? request('resourceSpans', 'scopeSpans', 'spans', span)
    : request('resourceLogs', 'scopeLogs', 'logRecords', logRecord)
}

/** Choices for an encoder: each call takes the next number and returns it modulo `count`. */
export type Choose = (count: number) => number

export const choices: fc.Arbitrary<Choose> = fc
  .array(fc.nat(), { minLength: 1, maxLength: 60 })
  .map((numbers) => {
    let next = 0
    return (count) => (numbers[next++ % numbers.length] as number) % count
  })
