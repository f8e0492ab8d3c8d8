import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createDecodeExport, type DecodingSettings } from '../../src/decoding/decode-export.ts'
import { type Encoding, MalformedOtlpError, type Signal } from '../../src/event/selected-event.ts'
import { defaultRedaction, type RedactionSettings } from '../../src/redaction/redaction-settings.ts'
import { remains } from '../redaction/corpus.ts'
import { type Choose, choices, type OtlpRequest } from '../selection/otlp-arbitrary.ts'
import { decodeProtobuf, encodeProtobuf } from '../selection/otlp-proto.ts'
import { writeJson } from '../selection/write-json.ts'
import { exportWithSecret, gatewayExport, joinedExport, placeholder } from './gateway-exports.ts'
import { rowsFromStrings } from './string-rows.ts'

const nowMs = Date.UTC(2026, 10, 25)
beforeEach(() => void vi.spyOn(Date, 'now').mockReturnValue(nowMs))
afterEach(() => void vi.restoreAllMocks())

const redactions: Readonly<Record<string, RedactionSettings>> = {
  'default redaction': defaultRedaction,
  'hashes in markers': { ...defaultRedaction, hmacKey: 'k' },
  'a rule of the operator': { ...defaultRedaction, rules: [{ id: 'own', pattern: 'word|gpt-\\d' }] },
  'other modes of bodies, and fewer rules': {
    ...defaultRedaction,
    bodies: { default: 'keep', byPlatform: new Map([['openai', 'drop']]) },
    phoneAndIp: true,
    disabledRules: ['header', 'key-name'],
  },
}
const settingsOf = (redaction: RedactionSettings): DecodingSettings => ({
  exceptionEvents: true,
  derivedRequestErrors: false,
  maxAgeMs: 86_400_000,
  bodyMaxBytes: 300,
  redaction,
})
const cases = (['traces', 'logs'] as const).flatMap((signal) =>
  (['protobuf', 'json'] as const).map((encoding) => [signal, encoding] as const),
)
const numRuns = Number(process.env.WHOLE_ROWS_RUNS ?? 150)

const notUtf8 = [
  [0xff, 0xfe, 0x41, 0x42],
  [0xc3, 0x28, 0xa0, 0x20],
  [0xed, 0xa0, 0x80, 0x41],
  [0xf4, 0x8f, 0xbf, 0x41],
  [0x41, 0x42, 0x43, 0xe2],
].map((bytes) => Buffer.from(bytes))

function encode(signal: Signal, encoding: Encoding, request: OtlpRequest, choose: Choose): Buffer {
  const body = encoding === 'json' ? writeJson(request, choose) : encodeProtobuf(signal, request)
  for (let at = body.indexOf(placeholder); at !== -1; at = body.indexOf(placeholder, at))
    (notUtf8[choose(notUtf8.length)] as Buffer).copy(body, at)
  return body
}

const readable = (rows: readonly Uint8Array[]): string[] =>
  rows.map((row) => Buffer.from(row).toString('latin1'))

describe.each(Object.entries(redactions))('rows with %s', (_, redaction) => {
  const decode = createDecodeExport(settingsOf(redaction))
  const expected = rowsFromStrings(settingsOf(redaction))

  it.each(cases)(
    'of %s in %s are those that a full decode into strings gives, byte for byte',
    (signal, encoding) => {
      let rowCount = 0
      fc.assert(
        fc.property(gatewayExport(signal, nowMs), choices, (request, choose) => {
          const body = encode(signal, encoding, request, choose)
          const { rows } = decode(signal, encoding, body, false)
          rowCount += rows.length
          expect(readable(rows.map((row) => row.bytes))).toEqual(
            readable(expected(signal, encoding, body, nowMs)),
          )
        }),
        { numRuns },
      )
      expect(rowCount).toBeGreaterThan(numRuns / 2)
    },
  )
})

describe('an export of many events', () => {
  const decode = createDecodeExport(settingsOf(defaultRedaction))
  const expected = rowsFromStrings(settingsOf(defaultRedaction))

  it.each(cases)('of %s in %s gives all of their rows, in the order of the export', (signal, encoding) => {
    let mostRows = 0
    fc.assert(
      fc.property(joinedExport(signal, nowMs), choices, (request, choose) => {
        const body = encode(signal, encoding, request, choose)
        const { rows } = decode(signal, encoding, body, false)
        mostRows = Math.max(mostRows, rows.length)
        expect(readable(rows.map((row) => row.bytes))).toEqual(
          readable(expected(signal, encoding, body, nowMs)),
        )
      }),
      { numRuns: numRuns / 10 },
    )
    expect(mostRows).toBeGreaterThan(30)
  })
})

describe('a secret', () => {
  const decode = createDecodeExport({ ...settingsOf(defaultRedaction), derivedRequestErrors: true })

  it.each(cases)('in every text of %s in %s gets into no row', (signal, encoding) => {
    fc.assert(
      fc.property(exportWithSecret(signal, nowMs), choices, ({ request, secret }, choose) => {
        const { rows } = decode(signal, encoding, encode(signal, encoding, request, choose), false)
        for (const { bytes } of rows) expect(remains(secret, Buffer.from(bytes).toString())).toBe(false)
      }),
      { numRuns },
    )
  })
})

describe('damaged exports', () => {
  const decode = createDecodeExport(settingsOf(defaultRedaction))
  const expected = rowsFromStrings(settingsOf(defaultRedaction))

  it.each(['traces', 'logs'] as const)(
    'of %s give the rows of a full decode wherever both can read them',
    (signal) => {
      let compared = 0
      fc.assert(
        fc.property(gatewayExport(signal, nowMs), choices, (request, choose) => {
          const body = encodeProtobuf(signal, request)
          for (let count = choose(4); count >= 0; count--) body[choose(body.length)] = choose(256)
          const found = orRefused(() => decode(signal, 'protobuf', body, false).rows.map((row) => row.bytes))
          if (found === undefined || !isReadable(signal, body)) return
          compared++
          expect(readable(found)).toEqual(readable(expected(signal, 'protobuf', body, nowMs)))
        }),
        { numRuns: 2 * numRuns },
      )
      expect(compared).toBeGreaterThan(numRuns / 4)
    },
  )
})

/** Undefined for bytes that are refused. */
function orRefused<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof MalformedOtlpError)) throw error
    return undefined
  }
}

function isReadable(signal: Signal, body: Uint8Array): boolean {
  try {
    return decodeProtobuf(signal, body) !== undefined
  } catch {
    return false
  }
}
