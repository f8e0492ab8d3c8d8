import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createByteSource } from '../../src/event/byte-source.ts'
import { stringOf, type Text, textAt, Utf8Text } from '../../src/event/utf8-text.ts'
import { createHeadersRedaction } from '../../src/redaction/column-headers.ts'
import { createRedactor } from '../../src/redaction/create-redactor.ts'
import { limitHeaders } from '../../src/redaction/headers.ts'
import { scanRules } from '../../src/redaction/rules.ts'
import { anyKey } from './corpus.ts'

const bodies = { default: 'redact', byPlatform: new Map() } as const
const redactor = createRedactor({ bodies })
const maxBytes = 400

/** Where it would stand in an export, between what could be mistaken for a part of it. */
function inExport(text: string): Text {
  const bytes = Buffer.from(`Bearer ${text}@example.com`)
  return textAt(createByteSource(bytes), 7, bytes.length - 12)
}

const names = fc.oneof(
  fc.constantFrom('x-request-id', 'retry-after', 'date', 'server', 'x-ratelimit-reset-tokens', 'user-agent'),
  fc.constantFrom('authorization', 'set-cookie', 'x-own', 'x-"quoted"', 'x-é'),
)
const values = fc.oneof(
  fc.constantFrom(
    '',
    '7',
    'Mon, 23 Nov 2026 09:00:00 GMT',
    '[REDACTED:header]',
    '[REDACTED:jwt]',
    'a "b" \\ c',
    'é',
  ),
  fc.constantFrom(...scanRules.flatMap((rule) => [...rule.catches, ...rule.leaves])),
  anyKey,
  fc.string({ maxLength: 120 }),
)
const headers = fc.array(fc.tuple(names, values, fc.boolean()), { minLength: 1, maxLength: 6 })

describe('headers of a column', () => {
  it('become the JSON that they would as text, wherever their values stand', () => {
    let inPlace = 0
    fc.assert(
      fc.property(headers, (list) => {
        const json = `{${[...new Map(list.map(([name, value]) => [name, value]))]
          .map((member) => member.map((text) => JSON.stringify(text)).join(':'))
          .join()}}`
        const given = new Map(
          list.map(([name, value, isString]) => [name, isString ? value : inExport(value)]),
        )
        const redacted = createHeadersRedaction(redactor, maxBytes)(given)
        if (redacted instanceof Utf8Text) inPlace++
        expect(stringOf(redacted)).toBe(limitHeaders(redactor.headers(json), maxBytes))
      }),
      { numRuns: 3000 },
    )
    expect(inPlace).toBeGreaterThan(300)
  })

  it('are written as they stand in JSON unless it escapes one of their bytes, whichever and wherever that is', () => {
    const redact = createHeadersRedaction(redactor, 16_384)
    for (let code = 0; code < 256; code++) {
      for (let length = 1; length <= 9; length++) {
        for (let at = 0; at < length; at++) {
          const value = `${'x'.repeat(at)}${String.fromCharCode(code)}${'~'.repeat(length - at - 1)}`
          const redacted = redact(new Map([['server', inExport(value)]]))
          const isEscaped = code < 32 || code > 126 || code === 34 || code === 92
          expect(stringOf(redacted)).toBe(redactor.headers(JSON.stringify({ server: value })))
          if (isEscaped) expect(redacted).not.toBeInstanceOf(Utf8Text)
        }
      }
    }
  })

  it('of a provider are written as bytes, those that are not kept by name as markers', () => {
    const redact = createHeadersRedaction(redactor, 16_384)
    const usual = new Map([
      ['date', inExport('Mon, 23 Nov 2026 09:00:00 GMT')],
      ['openai-organization', inExport('org-example')],
      ['strict-transport-security', inExport('max-age=31536000; includeSubDomains; preload')],
      ['x-ratelimit-remaining-tokens', inExport('149984')],
      ['x-envoy-upstream-service-time', inExport('2517')],
    ])
    const redacted = redact(usual)
    expect(redacted).toBeInstanceOf(Utf8Text)
    expect(JSON.parse(stringOf(redacted))).toMatchObject({
      'openai-organization': '[REDACTED:header]',
      'x-ratelimit-remaining-tokens': '149984',
    })
  })

  it('are redacted as text where markers carry hashes or the operator has rules', () => {
    for (const options of [
      { hmacKey: 'k' },
      { extraRules: [{ id: 'own', find: () => [] }] },
      { disabledRules: ['header'] },
    ])
      expect(createRedactor({ bodies, ...options }).plainHeaders).toBeUndefined()
  })
})
