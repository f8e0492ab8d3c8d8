import { hash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fingerprint, fingerprintVersion, messageTemplate } from '../../src/normalization/fingerprint.ts'
import { canonicalPlatform } from '../../src/normalization/providers/canonical-platform.ts'
import { parseProviderError } from '../../src/normalization/providers/parse-provider-error.ts'
import { expectLinearTime } from '../support/linear-time.ts'
import { readFixtures } from './providers/fixtures.ts'

const parts = {
  platform: 'openai',
  category: 'rate_limited',
  statusCode: 429,
  errorType: 'tokens',
  errorCode: 'rate_limit_exceeded',
  message:
    'Rate limit reached for gpt-4o in organization org-AbCdEfGhIjKlMnOpQrStUvWx: Limit 30000. Try again in 20s.',
} as const

describe('fingerprint', () => {
  it('is an unsigned 64-bit number that does not change between releases of one version', () => {
    expect(fingerprintVersion).toBe(1)
    expect(fingerprint(parts)).toBe(5133417025065136226n)
    fc.assert(
      fc.property(fc.string(), fc.string({ unit: 'binary' }), (errorCode, message) => {
        const value = fingerprint({ ...parts, errorCode, message })
        expect(BigInt.asUintN(64, value)).toBe(value)
      }),
    )
  })

  it('is the hash of its parts, whatever error came before', () => {
    const long = `the ${'model is too busy to answer '.repeat(8)}`
    fc.assert(
      fc.property(
        fc.record({
          platform: fc.constantFrom('openai', 'xai'),
          category: fc.constantFrom('rate_limited' as const, 'timeout' as const),
          statusCode: fc.constantFrom(429, 503),
          errorType: fc.constantFrom('', 'tokens', 'Tokens'),
          errorCode: fc.constantFrom('', '1', 'x'.repeat(300)),
          // Messages of one length that differ in one place, or in nothing but case.
          message: fc
            .nat(long.length - 1)
            .map((at) => `${long.slice(0, at)}z${long.slice(at + 1)}`)
            .chain((text) => fc.constantFrom(text, text.toUpperCase(), long)),
        }),
        (any) => {
          const { platform, category, statusCode, errorType, errorCode, message } = any
          const names = [errorType, errorCode.length > 64 ? messageTemplate(errorCode) : errorCode]
          const hashed = [1, platform, category, statusCode, ...names, messageTemplate(message), '']
          const text = hashed.join('\0').toLowerCase()
          expect(fingerprint(any)).toBe(BigInt(`0x${hash('sha256', text).slice(0, 16)}`))
        },
      ),
      { numRuns: 3000 },
    )
  })

  it('is the same for the spellings of a platform', () => {
    const spellings = ['gemini', 'gcp.gemini', 'google', 'Gemini'].map((platform) =>
      fingerprint({ ...parts, platform }),
    )
    expect(new Set(spellings).size).toBe(1)
  })

  it.each([
    { platform: 'anthropic' },
    { category: 'quota_exhausted' },
    { statusCode: 500 },
    { errorType: 'requests' },
    { errorCode: '1302' },
    { errorCode: '1113' },
    { message: 'Rate limit reached' },
  ] as const)('differs by %o', (change) => {
    expect(fingerprint({ ...parts, ...change })).not.toBe(fingerprint(parts))
  })

  it('keeps numeric codes apart, as some providers have no others', () => {
    expect(fingerprint({ ...parts, errorCode: '1113' })).not.toBe(
      fingerprint({ ...parts, errorCode: '1302' }),
    )
  })

  it('differs between all fixtures that differ in more than variable parts', () => {
    const errors = readFixtures().map(({ failure }) => ({ failure, error: parseProviderError(failure) }))
    const byTemplate = new Map<string, bigint>()
    for (const { failure, error } of errors) {
      const { type: errorType, code: errorCode, category, message } = error
      const key = [
        canonicalPlatform(failure.platform),
        category,
        failure.statusCode,
        errorType,
        errorCode,
        messageTemplate(message),
      ]
      const value = fingerprint({ ...failure, errorType, errorCode, category, message })
      expect(byTemplate.get(key.join('|').toLowerCase()) ?? value).toBe(value)
      byTemplate.set(key.join('|').toLowerCase(), value)
    }
    expect(new Set(byTemplate.values()).size).toBe(byTemplate.size)
    expect(byTemplate.size).toBeGreaterThan(110)
  })
})

const number = fc
  .tuple(
    fc.double({ min: 0, max: 1e9, noNaN: true }),
    fc.constantFrom(
      'en-US',
      'de-DE',
      'fr-FR',
      'de-CH',
      'en-IN',
      'pt-BR',
      'ar-EG',
      'fa-IR',
      'hi-IN-u-nu-deva',
    ),
  )
  .map(([value, locale]) => new Intl.NumberFormat(locale, { maximumFractionDigits: 3 }).format(value))
const letters = (length: number) =>
  fc.string({
    unit: fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'),
    minLength: length,
    maxLength: length,
  })
const alphanumeric = (length: number) =>
  fc.string({
    unit: fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'),
    minLength: length,
    maxLength: length,
  })
const model = fc.constantFrom(
  'gpt-4o',
  'o3-mini',
  'claude-3-5-sonnet-20241022',
  'gemini-2.5-pro',
  'claude-opus',
  'deepseek-chat',
  'grok-4',
  'meta-llama/llama-3.3-70b-instruct:free',
)
const key = fc.oneof(
  letters(48).map((text) => `sk-proj-${text}`),
  alphanumeric(30).map((text) => `sk-ant-api03-${text}`),
  alphanumeric(4).map((text) => `sk-********${text}`),
)
const duration = fc.oneof(
  fc.integer({ min: 1, max: 999 }).map((value) => `${value}s`),
  fc.integer({ min: 1, max: 999 }).map((value) => `${value}ms`),
  fc.tuple(fc.nat(200), fc.nat(59), fc.nat(59)).map(([h, m, s]) => `${h}h${m}m${s}.3s`),
  fc.integer({ min: 2, max: 999 }).map((value) => `${value} seconds`),
  fc.constantFrom('1 second', '1 hour', '2 minutes', '1 day'),
)
const date = fc
  .date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })
  .chain((value) =>
    fc.constantFrom(
      value.toISOString(),
      value.toUTCString().replace(/ GMT$/, ' GMT'),
      value.toISOString().slice(0, 10),
    ),
  )

describe('messageTemplate', () => {
  const messages: [string, fc.Arbitrary<string>, string][] = [
    [
      'numbers of all locales',
      number.map((n) => `Limit of ${n} reached, slow down`),
      'Limit of <*> reached, slow down',
    ],
    ['UUIDs', fc.uuid().map((id) => `Your team ${id} has used all`), 'Your team <*> has used all'],
    [
      'organization ids',
      letters(24).map((id) => `in organization org-${id} on tokens`),
      'in organization <*> on tokens',
    ],
    [
      'keys',
      key.map((text) => `Incorrect API key provided: ${text}. You can`),
      'Incorrect API key provided: <*>. You can',
    ],
    [
      'models',
      model.map((name) => `No capacity for ${name} on the server`),
      'No capacity for <*> on the server',
    ],
    [
      'quoted values',
      fc.tuple(model, fc.constantFrom('"', '`', "'")).map(([name, q]) => `The model ${q}${name}${q} is gone`),
      'The model <*> is gone',
    ],
    [
      'durations',
      duration.map((text) => `Please try again in ${text}. Visit`),
      'Please try again in <*>. Visit',
    ],
    ['dates', date.map((text) => `You regain access on ${text} at last`), 'You regain access on <*> at last'],
    [
      'addresses',
      fc
        .oneof(
          fc.ipV4(),
          fc.ipV6().filter((ip) => /\d/.test(ip)),
          fc.domain().map((domain) => `first.last+tag@${domain}`),
        )
        .map((text) => `from ${text} refused`),
      'from <*> refused',
    ],
    [
      'URLs',
      fc
        .webUrl({ withQueryParameters: true })
        .map((url) => `see ${url.replace(/['"`()]/g, '').replace(/[?#&=.,:;!]+$/, '')} for help`),
      'see <*> for help',
    ],
    [
      'request ids',
      fc.tuple(alphanumeric(20), fc.nat(9)).map(([id, n]) => `(request id: req_${id}${n})`),
      '(request id: <*>)',
    ],
    [
      'white space',
      fc.constantFrom(' ', '  ', '\n', '\t \r\n').map((blank) => `rate${blank}limit `),
      'rate limit',
    ],
  ]

  it.each(messages)('takes out %s', (_, message, template) => {
    fc.assert(
      fc.property(message, (text) => {
        expect(messageTemplate(text)).toBe(template)
      }),
      { numRuns: 300 },
    )
  })

  it.each([
    ["You don't have access to it, it isn't there", "You don't have access to it, it isn't there"],
    [
      'Error: "The request was not valid at all, sorry about that"',
      'Error: "The request was not valid at all, sorry about that"',
    ],
    ['connect ECONNREFUSED 127.0.0.1:443', 'connect ECONNREFUSED <*>'],
    ['max_tokens is too large: 100000 > 64000', 'max_tokens is too large: <*> > <*>'],
    [
      'generativelanguage.googleapis.com/generate_requests, limit: 0, model: gemini-3-pro',
      'generativelanguage.googleapis.com/generate_requests, limit: <*>, model: <*>',
    ],
    ['status=429 model=gpt-4o reason=quota', 'status=<*> model=<*> reason=quota'],
    ['用户额度不足, 剩余额度: ＄0.001', '用户额度不足, 剩余额度: ＄<*>'],
    ['rate-limit hit on requests/minute and/or tokens', 'rate-limit hit on requests/minute and/or tokens'],
    ['You may retry in March', 'You may retry in March'],
    ['in project my-project on model deepseek-chat', 'in project <*> on model <*>'],
    ['', ''],
    ['   ', ''],
  ])('turns "%s" into "%s"', (message, template) => {
    expect(messageTemplate(message)).toBe(template)
  })

  it('has at most 512 characters, which do not depend on how long the variable parts are', () => {
    const sentence = 'the limit of ID was reached and '.repeat(40)
    const short = messageTemplate(sentence.replaceAll('ID', '7'))
    expect(short.length).toBeLessThanOrEqual(512)
    expect(short.length).toBeGreaterThan(500)
    expect(messageTemplate(sentence.replaceAll('ID', 'req_0123456789abcdef0123456789abcdef'))).toBe(short)
  })

  it('never throws', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '"',
        "'",
        '`',
        '“',
        ' 1',
        '1,',
        '=',
        '://',
        '@',
        'Apr ',
        's',
        '\u00A0',
        '<*>',
        '-',
        '.',
      ),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        expect(messageTemplate(pieces.join('')).length).toBeLessThanOrEqual(512)
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    '1 ',
    '"',
    "'a ",
    '`a',
    '"a b c d e',
    'a=',
    '=',
    '://',
    'a://=',
    '.',
    'Apr 1 ',
    '1 Apr ',
    '٠',
    "1'",
    '@',
    'a/b-',
    'model a-',
    ' ',
    '\u00A0',
  ])('takes linear time for %j repeated', (unit) => {
    const texts = new Map([512, 8192].map((size) => [size, unit.repeat(Math.floor(size / unit.length))]))
    expectLinearTime((size) => messageTemplate(texts.get(size) ?? ''), 512)
  })
})
