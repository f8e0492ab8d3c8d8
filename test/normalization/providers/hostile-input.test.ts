import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { errorCategories, errorKinds } from '../../../src/event/upstream-error-event.ts'
import { htmlText } from '../../../src/normalization/providers/html-text.ts'
import { parseLenientJson } from '../../../src/normalization/providers/lenient-json.ts'
import { parseProviderError } from '../../../src/normalization/providers/parse-provider-error.ts'
import type { ProviderFailure } from '../../../src/normalization/providers/provider-error.ts'
import { maxRetryAfterMs } from '../../../src/normalization/retry-after.ts'
import { expectLinearTime } from '../../support/linear-time.ts'
import { failureOf, fixtureNowMs, readFixtures } from './fixtures.ts'

const fixtures = readFixtures()

function expectSound(failure: ProviderFailure): void {
  const error = parseProviderError(failure)
  for (const name of [error.type, error.code, error.upstreamRequestId]) {
    expect(typeof name).toBe('string')
    expect(name.length).toBeLessThanOrEqual(256)
    expect(name.isWellFormed()).toBe(true)
  }
  expect(typeof error.message).toBe('string')
  expect(error.message.length).toBeLessThanOrEqual(8192)
  expect(error.message.isWellFormed()).toBe(true)
  expect(errorCategories).toContain(error.category)
  expect(typeof error.retryable).toBe('boolean')
  expect(Number.isInteger(error.retryAfterMs)).toBe(true)
  expect(error.retryAfterMs).toBeGreaterThanOrEqual(0)
  expect(error.retryAfterMs).toBeLessThanOrEqual(maxRetryAfterMs)
}

const anyText = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.string({ maxLength: 200 }))
const platform = fc.oneof(
  fc.constantFrom(...new Set(fixtures.map(({ failure }) => failure.platform))),
  anyText,
)
const headerName = fc.oneof(
  fc.constantFrom(...new Set(fixtures.flatMap(({ failure }) => [...failure.headers.keys()]))),
  anyText,
)
const headerValue = fc.oneof(
  anyText,
  fc.integer().map(String),
  fc.double().map(String),
  fc.date().map(String),
)

/** Objects with the names that parsers read, and values of any type under them. */
const errorShape = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 5 }, anyText, fc.jsonValue(), fc.integer(), tie('object'), tie('list')),
  list: fc.array(tie('value'), { maxLength: 3 }),
  object: fc.dictionary(
    fc.constantFrom(
      ...[
        'error',
        'message',
        'type',
        'code',
        'status',
        'details',
        'metadata',
        'raw',
        'headers',
        'detail',
        'errors',
      ],
      ...[
        'innererror',
        '@type',
        'violations',
        'quotaId',
        'retryDelay',
        'reason',
        'reasons',
        'resets_at',
        '__type',
      ],
      ...[
        'throttlingException',
        'originalStatusCode',
        'retry_after_seconds',
        'request_id',
        '__proto__',
        'response',
      ],
    ),
    tie('value'),
    { maxKeys: 6 },
  ),
}))

const anyFailure: fc.Arbitrary<ProviderFailure> = fc.record({
  platform,
  statusCode: fc.oneof(fc.constantFrom(0, 200, 400, 429, 500, 529), fc.integer(), fc.double()),
  headers: fc.array(fc.tuple(headerName, headerValue), { maxLength: 8 }).map((entries) => new Map(entries)),
  body: fc.oneof(
    anyText,
    fc.json(),
    errorShape.object.map((value) => JSON.stringify(value)),
  ),
  errorType: anyText,
  errorCode: anyText,
  message: anyText,
  kind: fc.constantFrom(...errorKinds, '' as const),
  nowMs: fc.oneof(fc.constant(fixtureNowMs), fc.constant(0), fc.double()),
})

describe('parseProviderError on hostile input', () => {
  it('answers soundly whatever it is given', () => {
    fc.assert(fc.property(anyFailure, expectSound), { numRuns: 3000 })
  })

  it('answers soundly to every fixture cut off anywhere', () => {
    for (const { failure } of fixtures) {
      for (let length = 0; length < failure.body.length; length++) {
        expectSound({ ...failure, body: failure.body.slice(0, length) })
      }
    }
  }, 20_000)

  it('answers soundly to fixtures with characters changed and other platforms', () => {
    const change = fc.tuple(
      fc.nat(2000),
      fc.constantFrom('"', '{', '}', '[', ']', ',', '\\', '0', '\0', '\n', '\uD800', '<'),
    )
    fc.assert(
      fc.property(
        fc.constantFrom(...fixtures),
        platform,
        fc.array(change, { maxLength: 5 }),
        ({ failure }, other, changes) => {
          let { body } = failure
          for (const [at, character] of changes) body = body.slice(0, at) + character + body.slice(at + 1)
          expectSound({ ...failure, platform: other, body })
        },
      ),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['deep arrays', '['.repeat(300_000)],
    ['deep closed arrays', `${'['.repeat(30_000)}${']'.repeat(30_000)}`],
    ['deep objects', '{"error":'.repeat(100_000)],
    ['a huge message', JSON.stringify({ error: { message: 'x '.repeat(500_000) } })],
    ['a huge text', 'retry in '.repeat(200_000)],
    [
      'messages within messages',
      Array.from({ length: 8 }).reduce<string>((body) => JSON.stringify({ error: { message: body } }), '{}'),
    ],
  ])('answers soundly to %s', (_, body) => {
    for (const name of ['openai', 'gemini', 'bedrock', 'openrouter']) {
      expectSound(failureOf({ platform: name, statusCode: 429, body }))
      expectSound(failureOf({ platform: name, statusCode: 0, message: body }))
    }
  })
})

describe('wrappings', () => {
  const wrapped = fixtures.filter(({ failure }) => /^\{"error":\{/.test(failure.body))
  const readings = wrapped.map(({ failure }) => [failure, parseProviderError(failure)] as const)

  it('read the same in an array, an event stream, an exception message or pretty-printed', () => {
    expect(readings.length).toBeGreaterThan(50)
    for (const [failure, expected] of readings) {
      const { body } = failure
      expect(parseProviderError({ ...failure, body: `[${body}]` })).toEqual(expected)
      expect(parseProviderError({ ...failure, body: `event: error\ndata: ${body}\n\n` })).toEqual(expected)
      expect(parseProviderError({ ...failure, body: JSON.stringify(JSON.parse(body), null, 2) })).toEqual(
        expected,
      )
      expect(parseProviderError({ ...failure, body: '', message: `Error code: 1 - ${body}` })).toEqual(
        expected,
      )
    }
  })
})

describe('parsing time', () => {
  // A sixteenth of what is read of a body.
  const size = 4096
  const hostile: readonly (readonly [string, string])[] = [
    ['{', ''],
    ['[', ''],
    ['{"a":', ''],
    ["{'a':", ''],
    ['{"a":"\\', ''],
    ['"', '{"error":'],
    ['\\u00', '{"error":{"message":"'],
    ['\\\\\\"', '{"error":{"message":"'],
    ['{"a":1},', '['],
    ['<', ''],
    ['<a ', ''],
    ['<title ', ''],
    ['<h1', '<'],
    ['<script>', ''],
    ['<script></script', ''],
    ['<style></style>', ''],
    ['&am', '<'],
    ['data: {"error":\n', ''],
    ['data: {"error":1}\n\n', ''],
    ['data: {"error":{"a', ''],
    ['\n', 'data: x'],
    ['\n{', 'data: x'],
    [' ', ''],
    ['\t\n', 'x'],
    ['try again in ', ''],
    ['retry after 1', ''],
    ['wait 1s1s', ''],
    ['insufficient account ', ''],
    ['spend limit has been ', ''],
    ['request id ', ''],
    ['1', 'retry in '],
    ['ECONN', ''],
    ['UND_ERR_A', ''],
    ['timeout ', ''],
  ]

  it.each(hostile)('grows linearly with %j repeated', (unit, start) => {
    const bodies = new Map(
      [size, size * 16].map((length) => [length, start + unit.repeat(Math.ceil(length / unit.length))]),
    )
    const failures = new Map(
      [...bodies].map(([length, body]) => [length, failureOf({ platform: 'openai', statusCode: 0, body })]),
    )
    const asMessages = new Map(
      [...bodies].map(([length, message]) => [length, failureOf({ platform: '', statusCode: 0, message })]),
    )
    expectLinearTime((length) => {
      const failure = failures.get(length)
      if (failure !== undefined) parseProviderError(failure)
    }, size)
    expectLinearTime((length) => {
      const failure = asMessages.get(length)
      if (failure !== undefined) parseProviderError(failure)
    }, size)
  })

  it.each(['{"a":', "['", '"\\', '{"a":"b",', '[1,'])(
    'of parseLenientJson grows linearly with %j repeated',
    (unit) => {
      const texts = new Map([8192, 131_072].map((length) => [length, `[${unit.repeat(length / 4)}`]))
      expectLinearTime((length) => parseLenientJson(texts.get(length) ?? ''), 8192)
    },
  )

  it.each(['<', '<a>', '<title ', '<script></script>', '&nbsp;', '</'])(
    'of htmlText grows linearly with %j repeated',
    (unit) => {
      const texts = new Map(
        [1024, 16_384].map((length) => [length, unit.repeat(Math.floor(length / unit.length))]),
      )
      expectLinearTime((length) => htmlText(texts.get(length) ?? ''), 1024)
    },
  )
})
