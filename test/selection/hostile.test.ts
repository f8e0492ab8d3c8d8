import protobuf from 'protobufjs'
import { describe, expect, it } from 'vitest'
import type { Encoding, Signal } from '../../src/event/selected-event.ts'
import { MalformedOtlpError } from '../../src/event/selected-event.ts'
import { createSelector } from './create-selector.ts'

const select = createSelector({ exceptionEvents: true })

/** CPU time, as the machine may have other things to do; the best of three, as the first is spent on compiling. */
function timed(signal: Signal, encoding: Encoding, body: Uint8Array): { error: unknown; durationMs: number } {
  let error: unknown
  let durationMs = Number.POSITIVE_INFINITY
  for (let run = 0; run < 3; run++) {
    error = undefined
    const start = process.cpuUsage()
    try {
      select(signal, encoding, body)
    } catch (thrown) {
      error = thrown
    }
    const { user, system } = process.cpuUsage(start)
    durationMs = Math.min(durationMs, (user + system) / 1000)
  }
  return { error, durationMs }
}

function expectRefused(signal: Signal, encoding: Encoding, body: Uint8Array): void {
  const { error, durationMs } = timed(signal, encoding, body)
  expect(error).toBeInstanceOf(MalformedOtlpError)
  expect(durationMs).toBeLessThan(100)
}

function expectRead(signal: Signal, encoding: Encoding, body: Uint8Array): void {
  const { error, durationMs } = timed(signal, encoding, body)
  expect(error).toBeUndefined()
  expect(durationMs).toBeLessThan(100)
}

const length = (number: number, content: Uint8Array) =>
  Buffer.from(
    protobuf.Writer.create()
      .uint32((number << 3) | 2)
      .bytes(content)
      .finish(),
  )
const text = (number: number, content: string) => length(number, Buffer.from(content))

/** A request with one span that has one selected event, with these bytes added to the event. */
function exportWith(inEvent: Uint8Array): Buffer {
  const event = Buffer.concat([text(2, 'ops.upstream_error'), inEvent])
  return length(1, length(2, length(2, length(11, event))))
}

// Start and end of a group of field 15, which no message of the request has.
const groupStart = (15 << 3) | 3
const groupEnd = (15 << 3) | 4

/** Unknown fields, both from the first byte and from the second: only the bound tells that one byte was taken. */
const validFromEither = Buffer.from([0x78, 0xf8, 0x01, 0x7d, 0x78, 0x01, 0x78, 0x01])

/** A length prefix from its bytes, in front of nothing. */
function lengthOf(...bytes: number[]): Buffer {
  return Buffer.from([0x0a, ...bytes])
}

/** One message in another `depth` times, built from the inside without copying: the tags and lengths, then all. */
function nested(depth: number, fields: readonly number[]): Buffer {
  const parts: Buffer[] = []
  let size = 0
  for (let i = 0; i < depth; i++) {
    const header = protobuf.Writer.create()
      .uint32(((fields[(depth - 1 - i) % fields.length] as number) << 3) | 2)
      .uint32(size)
      .finish()
    parts.push(Buffer.from(header))
    size += header.length
  }
  return Buffer.concat(parts.reverse())
}

describe('hostile protobuf is refused fast', () => {
  it.each([
    ['21 KB of nested groups', Buffer.alloc(21_000, groupStart)],
    [
      '21 KB of nested groups within a span',
      length(1, length(2, length(2, Buffer.alloc(21_000, Buffer.from([0xa3, 0x01]))))),
    ],
    ['a group that is not closed', Buffer.from([groupStart])],
    ['a group closed as another', Buffer.from([groupStart, groupEnd - 8])],
    ['the end of a group that was not opened', Buffer.from([groupEnd])],
    ['field number 0', Buffer.from([0x00, 0x00])],
    ['a field number beyond 29 bits', Buffer.from([0xf8, 0xff, 0xff, 0xff, 0x7f, 0x00])],
    ['a varint of 11 bytes', Buffer.from([0x28, ...Array<number>(10).fill(0x80), 0x00])],
    ['a varint over 64 bits', Buffer.from([0x28, ...Array<number>(9).fill(0xff), 0x02])],
    ['a varint that does not end', Buffer.alloc(100_000, 0xff)],
    ['a length beyond the body', lengthOf(0x7f)],
    ['a length of 2^31', lengthOf(0x80, 0x80, 0x80, 0x80, 0x08)],
    ['a length of 2^32', lengthOf(0x80, 0x80, 0x80, 0x80, 0x10)],
    ['a length of 2^32 + 1', Buffer.concat([lengthOf(0x81, 0x80, 0x80, 0x80, 0x10), Buffer.alloc(8)])],
    ['a length of 2^63', lengthOf(...Array<number>(9).fill(0x80), 0x01)],
    ['a length of -1', lengthOf(...Array<number>(9).fill(0xff), 0x01)],
    ['a span longer than its scope', length(1, length(2, Buffer.from([0x12, 0x05, 0x00])))],
    [
      'a key longer than its attribute by a byte',
      exportWith(Buffer.concat([length(3, Buffer.from([0x0a, 0x01])), validFromEither])),
    ],
    [
      'a key longer than its attribute by a byte, length in two bytes',
      exportWith(Buffer.concat([length(3, Buffer.from([0x0a, 0x81, 0x00])), validFromEither])),
    ],
    [
      'a value longer than its attribute by a byte',
      exportWith(Buffer.concat([length(3, Buffer.from([0x12, 0x02, 0x78])), validFromEither])),
    ],
    ['a wire type that does not exist', Buffer.from([0x16])],
    [
      'a field of the span with another wire type',
      length(1, length(2, length(2, Buffer.from([0x58, 0x01])))),
    ],
    ['a number cut off', length(1, length(2, length(2, Buffer.from([0x39, 0x01]))))],
    ['100 k nested lists', exportWith(length(3, length(2, nested(100_000, [5, 1]))))],
    ['100 k nested maps', exportWith(length(3, length(2, nested(100_000, [6, 1, 2]))))],
    ['33 nested lists', exportWith(length(3, length(2, nested(66, [5, 1]))))],
  ])('%s', (_name, body) => {
    expectRefused('traces', 'protobuf', body)
  })

  it('though 100 nested groups are read', () => {
    const groups = Buffer.concat([Buffer.alloc(100, groupStart), Buffer.alloc(100, groupEnd)])
    expectRead('traces', 'protobuf', groups)
    expectRefused(
      'traces',
      'protobuf',
      Buffer.concat([Buffer.from([groupStart]), groups, Buffer.from([groupEnd])]),
    )
  })

  it('though 32 nested lists are read', () => {
    expectRead('traces', 'protobuf', exportWith(length(3, length(2, nested(64, [5, 1])))))
  })
})

describe('hostile JSON is refused fast', () => {
  const inEvent = (member: string) =>
    `{"resourceSpans":[{"scopeSpans":[{"spans":[{"events":[{"name":"ops.upstream_error",${member}}]}]}]}]}`
  it.each([
    ['100 k nested arrays', '['.repeat(100_000)],
    ['100 k nested arrays in what is skipped', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['100 k nested objects in what is skipped', `{"a":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`],
    [
      '100 k nested lists in an attribute',
      inEvent(`"attributes":[{"value":${'{"arrayValue":{"values":['.repeat(100_000)}`),
    ],
    [
      '33 nested lists in an attribute',
      inEvent(`"attributes":[{"value":${'{"arrayValue":{"values":['.repeat(33)}{}${']}}'.repeat(33)}}]`),
    ],
    ['a number of 1 M digits', inEvent(`"timeUnixNano":${'9'.repeat(1_000_000)}`)],
    ['a number of 1 M digits in quotes', inEvent(`"timeUnixNano":"${'9'.repeat(1_000_000)}"`)],
    ['an exponent beyond all bounds', inEvent('"timeUnixNano":1e999999999')],
    ['a string that does not end', `{"a":"${'x'.repeat(1_000_000)}`],
    ['a string of backslashes that does not end', `{"a":"${'\\\\'.repeat(500_000)}`],
    ['nothing', ''],
    ['whitespace', ' '.repeat(1_000_000)],
    ['null', 'null'],
    ['an array', '[]'],
    ['two messages', '{}{}'],
    ['a NUL behind the message', '{}\0'],
  ])('%s', (_name, body) => {
    expectRefused('traces', 'json', Buffer.from(body))
  })

  it('though 32 nested lists are read', () => {
    const value = `${'{"arrayValue":{"values":['.repeat(32)}{}${']}}'.repeat(32)}`
    expectRead('traces', 'json', Buffer.from(inEvent(`"attributes":[{"value":${value}}]`)))
  })
})

describe('what is large but valid is read without a stall', () => {
  const time = Buffer.from([0x09, ...Array<number>(8).fill(1)])

  it('10 k equal events in one span', () => {
    const event = length(11, Buffer.concat([text(2, 'ops.upstream_error'), time]))
    const span = Buffer.concat(Array<Buffer>(10_000).fill(event))
    const body = length(1, length(2, length(2, span)))
    expectRead('traces', 'protobuf', body)
    expect(select('traces', 'protobuf', body).selected.at(-1)?.ordinal).toBe(9_999)
  })

  it('10 k equal log records', () => {
    const record = length(2, text(12, 'ops.upstream_error'))
    const body = length(1, length(2, Buffer.concat(Array<Buffer>(10_000).fill(record))))
    expectRead('logs', 'protobuf', body)
    expect(select('logs', 'protobuf', body).selected.at(-1)?.ordinal).toBe(9_999)
  })

  it('200 KB of empty scope groups', () => {
    expectRead('traces', 'protobuf', length(1, Buffer.alloc(200_000, Buffer.from([0x12, 0x00]))))
  })
})
