import { describe, expect, it } from 'vitest'
import { MalformedOtlpError } from '../../src/event/selected-event.ts'
import { createSelector, type PlainEvent } from './create-selector.ts'
import { encodeProtobuf } from './otlp-proto.ts'
import { writeJson } from './write-json.ts'

const select = createSelector({ exceptionEvents: true })

type Message = Record<string, unknown>

function spans(...items: Message[]): Message {
  return { resourceSpans: [{ scopeSpans: [{ spans: items }] }] }
}

function logRecords(...items: Message[]): Message {
  return { resourceLogs: [{ scopeLogs: [{ logRecords: items }] }] }
}

function attributes(values: Record<string, string | bigint>): Message[] {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? { stringValue: value } : { intValue: value },
  }))
}

const event = (name: string, values: Record<string, string | bigint> = {}, timeUnixNano = 1n): Message => ({
  name,
  timeUnixNano,
  attributes: attributes(values),
})

const names = (selected: readonly PlainEvent[]) => selected.map((one) => one.name)

describe('which span events are selected', () => {
  const selectFrom = (selector = select, ...items: Message[]) =>
    names(selector('traces', 'protobuf', encodeProtobuf('traces', spans(...items))).selected)

  it('our own names, on any span', () => {
    const events = [event('ops.upstream_error'), event('other'), event('ops.request_error'), event('')]
    expect(selectFrom(select, { events })).toEqual(['ops.upstream_error', 'ops.request_error'])
  })

  it.each([
    ['gen_ai.provider.name', 'openai'],
    ['gen_ai.system', 'openai'],
    ['http.response.status_code', 429n],
    ['http.response.status_code', '500'],
    ['http.response.status_code', 529n],
    ['http.response.status_code', 599n],
    ['http.status_code', 503n],
  ])('an exception with %s of %s, on the event or on its span', (key, value) => {
    expect(selectFrom(select, { events: [event('exception', { [key]: value })] })).toEqual(['exception'])
    expect(
      selectFrom(select, { events: [event('exception')], attributes: attributes({ [key]: value }) }),
    ).toEqual(['exception'])
  })

  it.each([
    ['gen_ai.provider.name', ''],
    ['http.response.status_code', 428n],
    ['http.response.status_code', 499n],
    ['http.response.status_code', 600n],
    ['http.response.status_code', '5xx'],
    ['server.address', 'api.openai.com'],
  ])('no exception with only %s of "%s"', (key, value) => {
    expect(selectFrom(select, { events: [event('exception', { [key]: value })] })).toEqual([])
  })

  it('no exception of a span that tells of the same failure in our own event, in either order', () => {
    const provider = { 'gen_ai.system': 'openai' }
    const failed = [event('exception', provider), event('ops.upstream_error'), event('exception', provider)]
    expect(selectFrom(select, { events: failed })).toEqual(['ops.upstream_error'])
    expect(
      selectFrom(select, { events: [event('ops.request_error'), event('exception', provider)] }),
    ).toEqual(['ops.request_error', 'exception'])
    expect(selectFrom(select, { events: [event('ops.upstream_error')] }, { events: [failed[0]] })).toEqual([
      'ops.upstream_error',
      'exception',
    ])
  })

  it('no exception at all where that is switched off', () => {
    const events = [event('exception', { 'gen_ai.system': 'openai' }), event('ops.request_error')]
    expect(selectFrom(createSelector({ exceptionEvents: false }), { events })).toEqual(['ops.request_error'])
  })
})

describe('which log records are selected', () => {
  const selectFrom = (...items: Message[]) =>
    names(select('logs', 'protobuf', encodeProtobuf('logs', logRecords(...items))).selected)

  it('by event name', () => {
    expect(selectFrom({ eventName: 'ops.request_error' }, { eventName: 'other' }, {})).toEqual([
      'ops.request_error',
    ])
  })

  it('by the attribute event.name of older SDKs, unless there is an event name', () => {
    const older = attributes({ 'event.name': 'ops.upstream_error' })
    expect(selectFrom({ attributes: older })).toEqual(['ops.upstream_error'])
    expect(selectFrom({ attributes: older, eventName: 'ops.request_error' })).toEqual(['ops.request_error'])
    expect(selectFrom({ attributes: older, eventName: 'other' })).toEqual([])
  })

  it('by that attribute in JSON with its value in two members', () => {
    const value = '"value":{"stringValue":"ops.upstream_error"},"value":{}'
    const body = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"attributes":[{"key":"event.name",${value}}]}]}]}]}`
    expect(names(select('logs', 'json', Buffer.from(body)).selected)).toEqual(['ops.upstream_error'])
  })

  it('exceptions with a provider, by either name', () => {
    const provider = attributes({ 'gen_ai.provider.name': 'openai' })
    expect(
      selectFrom(
        { eventName: 'gen_ai.client.operation.exception', attributes: provider },
        { eventName: 'exception', attributes: provider },
        { eventName: 'gen_ai.client.operation.exception' },
      ),
    ).toEqual(['gen_ai.client.operation.exception', 'exception'])
  })

  it('with the time when they were observed where they have no other', () => {
    const records = [
      { eventName: 'ops.upstream_error', timeUnixNano: 1n, observedTimeUnixNano: 2n },
      { eventName: 'ops.upstream_error', observedTimeUnixNano: 2n },
    ]
    const { selected } = select('logs', 'protobuf', encodeProtobuf('logs', logRecords(...records)))
    expect(selected.map((record) => record.timeUnixNano)).toEqual([1n, 2n])
  })
})

describe('places and ordinals', () => {
  const upstream = (timeUnixNano: bigint) => event('ops.upstream_error', {}, timeUnixNano)

  it('count equal events of a span from 0, for each name and time', () => {
    const events = [upstream(1n), upstream(1n), event('ops.request_error'), upstream(2n), upstream(1n)]
    const body = encodeProtobuf('traces', spans({ events }, { events: [upstream(1n)] }))
    const { selected } = select('traces', 'protobuf', body)
    expect(selected.map((one) => one.ordinal)).toEqual([0, 1, 0, 0, 2, 0])
    expect(selected.map((one) => one.itemIndex)).toEqual([0, 0, 0, 0, 0, 1])
  })

  it('count equal log records over the whole export', () => {
    const record = { eventName: 'ops.upstream_error', timeUnixNano: 1n, spanId: new Uint8Array(8).fill(7) }
    const other = { ...record, spanId: new Uint8Array(8).fill(8) }
    const groups = [
      { scopeLogs: [{ logRecords: [record, other] }] },
      { scopeLogs: [{ logRecords: [{}, record] }] },
    ]
    const { selected } = select('logs', 'protobuf', encodeProtobuf('logs', { resourceLogs: groups }))
    expect(selected.map((one) => [one.ordinal, one.itemIndex])).toEqual([
      [0, 0],
      [0, 1],
      [1, 3],
    ])
  })

  it('are the same with exceptions that are not selected in between', () => {
    const provider = { 'gen_ai.system': 'openai' }
    const events = [event('exception'), event('exception', provider)]
    const { selected } = select('traces', 'protobuf', encodeProtobuf('traces', spans({ events })))
    expect(selected.map((one) => one.ordinal)).toEqual([1])
  })
})

describe('what JSON allows', () => {
  const one = '{"name":"ops.upstream_error"}'
  const inSpan = (members: string) => `{"resourceSpans":[{"scopeSpans":[{"spans":[{${members}}]}]}]}`
  const selectJson = (text: string) => select('traces', 'json', Buffer.from(text))

  it('escapes in names of events and members', () => {
    const escaped = inSpan('"\\u0065vents":[{"n\\u0061me":"\\u006fps.upstream_error"}]')
    expect(names(selectJson(escaped).selected)).toEqual(['ops.upstream_error'])
  })

  it('a byte order mark, but only one and only in front', () => {
    expect(selectJson(`\ufeff${inSpan(`"events":[${one}]`)}`).selected).toHaveLength(1)
    expect(() => selectJson('\ufeff\ufeff{}')).toThrow(MalformedOtlpError)
    expect(() => selectJson('{}\ufeff')).toThrow(MalformedOtlpError)
  })

  it('null for anything that is absent', () => {
    const text = `{"resourceSpans":[{"resource":null,"scopeSpans":[{"scope":null,"spans":[
      {"events":null,"name":null},{"events":[${one}],"status":null,"attributes":null,"kind":null}]},
      {"spans":null}]},{"scopeSpans":null}]}`
    expect(selectJson(text)).toMatchObject({ itemCount: 2, eventCount: 1, selected: [{ span: { kind: 0 } }] })
  })

  it('a list in two members of the same name, as protobuf does', () => {
    const text = `{"resourceSpans":[{"scopeSpans":[{"spans":[{"events":[${one}],"events":[${one}]}],"spans":[{}]}]}]}`
    expect(selectJson(text)).toMatchObject({
      itemCount: 2,
      eventCount: 2,
      selected: [{ ordinal: 0 }, { ordinal: 1 }],
    })
  })

  it('names of enums, though OTLP has only numbers', () => {
    const named = inSpan(`"events":[${one}],"kind":"SPAN_KIND_CLIENT","status":{"code":"STATUS_CODE_ERROR"}`)
    expect(selectJson(named).selected[0]?.span).toMatchObject({ kind: 3, statusCode: 2 })
  })

  it('any integral double as an integer, which opentelemetry-js sends', () => {
    const value = '{"name":"ops.upstream_error","attributes":[{"key":"a","value":{"intValue":1e+21}}]}'
    expect(selectJson(inSpan(`"events":[${value}]`)).selected[0]?.attributes.get('a')).toBe(1e21)
  })

  it('integers beyond int64, as the nearest number', () => {
    const intValue = (text: string) =>
      selectJson(
        inSpan(
          `"events":[{"name":"ops.upstream_error","attributes":[{"key":"a","value":{"intValue":${text}}}]}]`,
        ),
      ).selected[0]?.attributes.get('a')
    expect(intValue('9223372036854775807')).toBe(2n ** 63n - 1n)
    expect(intValue('9223372036854775808')).toBe(2 ** 63)
    expect(intValue('"-9223372036854775808"')).toBe(-(2n ** 63n))
  })

  it('lone surrogates, which become replacement characters as in UTF-8', () => {
    const { selected } = selectJson(inSpan(`"events":[${one}],"name":"a\\ud83d\\ude00\\ud83d"`))
    expect(selected[0]?.span?.name).toBe('a\u{1f600}\ufffd')
  })

  it('control characters in no string, wherever in it they are', () => {
    for (let length = 1; length < 10; length++) {
      for (let at = 0; at < length; at++) {
        const text = (byte: number) => {
          const content = Buffer.alloc(length, 'x')
          content[at] = byte
          return inSpan(`"name":"${content.toString('latin1')}"`)
        }
        for (const byte of [0x00, 0x09, 0x0a, 0x1f])
          expect(() => selectJson(text(byte))).toThrow(MalformedOtlpError)
        expect(selectJson(text(0x20)).itemCount).toBe(1)
        expect(selectJson(text(0x7f)).itemCount).toBe(1)
      }
    }
  })

  it('keys that mean something to JavaScript', () => {
    const keys = ['__proto__', 'constructor', 'toString']
    const list = keys.map((key) => `{"key":"${key}","value":{"stringValue":"v"},"__proto__":{"key":"no"}}`)
    const { selected } = selectJson(inSpan(`"events":[{"name":"ops.upstream_error","attributes":[${list}]}]`))
    expect(selected[0]?.attributes).toEqual(new Map(keys.map((key) => [key, 'v'])))
  })

  it('not snake_case, which OTLP rules out', () => {
    expect(selectJson('{"resource_spans":[{"scope_spans":[{"spans":[{}]}]}]}').itemCount).toBe(0)
  })

  it.each([
    ['spans that are an object', '{"resourceSpans":[{"scopeSpans":[{"spans":{}}]}]}'],
    ['a span that is a number', '{"resourceSpans":[{"scopeSpans":[{"spans":[1]}]}]}'],
    ['an event name that is a number', inSpan('"events":[{"name":1}]')],
    ['a time that is negative', inSpan('"events":[{"name":"ops.upstream_error","timeUnixNano":"-1"}]')],
    [
      'a time beyond 64 bits',
      inSpan('"events":[{"name":"ops.upstream_error","timeUnixNano":18446744073709551616}]'),
    ],
    ['a time that is no number', inSpan('"events":[{"name":"ops.upstream_error","timeUnixNano":"now"}]')],
    [
      'a boolean in quotes',
      inSpan(`"events":[${one}],"attributes":[{"key":"a","value":{"boolValue":"true"}}]`),
    ],
    ['an integer with a fraction', inSpan(`"events":[${one}],"attributes":[{"value":{"intValue":1.5}}]`)],
    ['bytes that are not base64', inSpan(`"events":[${one}],"attributes":[{"value":{"bytesValue":"?"}}]`)],
    ['a trailing comma', '{"resourceSpans":[],}'],
    ['a comma too many in what is skipped', inSpan('"attributes":[{},,{}]')],
    ['a bad literal in what is skipped', inSpan('"attributes":[{"value":{"boolValue":tru}}]')],
    ['a control character in what is skipped', inSpan('"name":"a\nb"')],
    ['a number with leading zeros in what is skipped', inSpan('"kind":01')],
    ['a bad escape in what is skipped', inSpan('"name":"\\x"')],
  ])('but not %s', (_name, text) => {
    expect(() => selectJson(text)).toThrow(MalformedOtlpError)
  })
})

describe('bodies', () => {
  it('may be empty in protobuf, where that is an empty request, and not in JSON', () => {
    const nothing = { itemCount: 0, eventCount: 0, selected: [] }
    expect(select('traces', 'protobuf', new Uint8Array())).toEqual(nothing)
    expect(select('logs', 'json', Buffer.from('{}'))).toEqual(nothing)
    expect(() => select('traces', 'json', new Uint8Array())).toThrow(MalformedOtlpError)
  })

  it.each(['protobuf', 'json'] as const)(
    'may lie anywhere in memory and be overwritten afterwards: %s',
    (encoding) => {
      const value = { bytesValue: Uint8Array.of(1, 2, 3) }
      const request = spans({
        events: [{ ...event('ops.upstream_error'), attributes: [{ key: 'bytes', value }] }],
      })
      const body = encoding === 'json' ? writeJson(request) : encodeProtobuf('traces', request)
      const memory = new Uint8Array(body.length + 32).fill(0x5b)
      memory.set(body, 13)
      const selection = select('traces', encoding, memory.subarray(13, 13 + body.length))
      memory.fill(0)
      expect(selection).toEqual(select('traces', encoding, body))
      expect(selection.selected[0]?.attributes.get('bytes')).toEqual(Uint8Array.of(1, 2, 3))
    },
  )

  it('with text that is not UTF-8 give replacement characters', () => {
    const request = (text: string) => spans({ name: text, events: [event('ops.upstream_error')] })
    const json = writeJson(request('a?b'))
    const protobuf = encodeProtobuf('traces', request('a?b'))
    for (const body of [json, protobuf]) body[body.indexOf('a?b') + 1] = 0xff
    expect(select('traces', 'json', json).selected[0]?.span?.name).toBe('a\ufffdb')
    expect(select('traces', 'protobuf', protobuf).selected[0]?.span?.name).toBe('a\ufffdb')
  })

  it('that are refused tell where, and nothing of what they hold', () => {
    const secret = Buffer.from('{"resourceSpans":[{"sk-secret":"sk-secret}')
    const refuse = () => select('traces', 'json', secret)
    expect(refuse).toThrow(/^Malformed JSON: .* at byte \d+$/)
    expect(refuse).not.toThrow(/secret/)
  })
})
