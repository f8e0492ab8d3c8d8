import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRedactor } from '../../src/redaction/create-redactor.ts'
import { scanRules } from '../../src/redaction/rules.ts'
import { anyKey } from './corpus.ts'

const bodies = { default: 'redact', byPlatform: new Map() } as const
const redactors = {
  plain: createRedactor({ bodies, phoneAndIp: true }),
  'with hashes': createRedactor({ bodies, phoneAndIp: true, hmacKey: 'k' }),
}

const examples = fc.constantFrom(...scanRules.flatMap((rule) => [...rule.catches, ...rule.leaves]))
const glue = fc.constantFrom(
  ' ',
  '"',
  "'",
  '\\',
  '\\"',
  '\\\\"',
  '\n',
  '\\n',
  ':',
  '=',
  '://',
  '@',
  '%',
  '%20',
  '%22',
  '&',
  '&amp;',
  '{',
  '}',
  '[',
  ']',
  ',',
  '-',
  '_',
  'password',
  'token=',
  '"auth":',
  '{"secret":',
  'Bearer ',
  'Basic ',
  '[REDACTED:jwt]',
  '[REDACTED:',
  'sk-',
  'eyJ',
  '-----BEGIN PRIVATE KEY-----',
  '\\u00',
  '\\u0041',
)
/** Texts in which rules, escapes and markers meet in ways nobody thought of. */
const tangles = fc
  .array(fc.oneof(examples, glue, anyKey, fc.string({ maxLength: 6 })), { minLength: 1, maxLength: 12 })
  .map((parts) => parts.join(''))
const runs = { seed: 20261123, numRuns: 1000 }

for (const [name, redactor] of Object.entries(redactors)) {
  describe(`redaction of text, ${name}`, () => {
    it('does nothing more the second time', () => {
      fc.assert(
        fc.property(tangles, (text) => {
          const once = redactor.text(text)
          expect(redactor.text(once)).toBe(once)
        }),
        runs,
      )
    })

    it('leaves JSON that parses', () => {
      fc.assert(
        fc.property(fc.jsonValue(), tangles, tangles, fc.boolean(), (value, key, text, nested) => {
          const json = JSON.stringify({
            value,
            [key]: text,
            inner: nested ? JSON.stringify({ [key]: [text] }) : text,
          })
          expect(() => JSON.parse(redactor.text(json))).not.toThrow()
        }),
        runs,
      )
    })
  })
}

describe('redaction of text', () => {
  it('returns clean text as it is', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{1,9}$/), { maxLength: 30 }), (words) => {
        const text = words.join(' ')
        expect(redactors.plain.text(text)).toBe(text)
      }),
      runs,
    )
  })

  it('leaves JSON that parses where an escape stands right before a secret', () => {
    const secrets = scanRules.flatMap((rule) => rule.catches)
    for (const escaped of ['\n', '\t', '\b', '\f', '\r', '\\', '"', '\u0001', '\u001b']) {
      for (const secret of secrets) {
        const json = JSON.stringify({ a: `${escaped}${secret}`, b: JSON.stringify([`${escaped}${secret}`]) })
        const redacted = JSON.parse(redactors.plain.text(json))
        expect(() => JSON.parse(redacted.b), json).not.toThrow()
      }
    }
  })

  it('leaves markers alone, also in a list under a secret name', () => {
    for (const text of [
      'a token={[REDACTED:jwt:123456789012]}',
      '{"auth":["[REDACTED:jwt]",[REDACTED:jwt:123456789012]]}',
    ]) {
      for (const redactor of Object.values(redactors)) expect(redactor.text(text)).toBe(text)
    }
  })

  it('keeps keys, numbers and blanks as they were written', () => {
    const json =
      '{ "id":12345678901234567890, "n":1.0e5,"n":-0 ,\n"password" : "x y", "max_tokens":4096, "cut": "tr'
    expect(redactors.plain.text(json)).toBe(json.replace('x y', '[REDACTED:key-name]'))
  })

  it('puts the quotes around a number that JSON then needs, at any depth', () => {
    const inner = JSON.stringify({ pass: 1, password: 12345678 })
    const redacted = redactors.plain.text(JSON.stringify({ raw: inner }))
    expect(JSON.parse(JSON.parse(redacted).raw)).toEqual({ pass: 1, password: '[REDACTED:key-name]' })
  })

  it('sees secrets through JSON escapes', () => {
    const key = `sk-ant-${'aB3'.repeat(10)}`
    const escaped = `{"m":"\\u0073k\\u002dant\\u002d${key.slice(7)}"}`
    expect(redactors.plain.text(escaped)).toBe('{"m":"[REDACTED:anthropic-key]"}')
  })
})
