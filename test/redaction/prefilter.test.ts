import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRedactor } from '../../src/redaction/create-redactor.ts'
import { scanRules } from '../../src/redaction/rules.ts'
import { compileUserRules } from '../../src/redaction/user-rules.ts'
import { anyKey } from './corpus.ts'

const bodies = { default: 'redact', byPlatform: new Map() } as const
const redactor = createRedactor({ bodies })
const withAll = createRedactor({ bodies, phoneAndIp: true })
const examples = scanRules.flatMap((rule) => [...rule.catches, ...rule.leaves])
const parts = fc.oneof(
  fc.constantFrom(...examples),
  fc.constantFrom(
    ' ',
    '"',
    ':',
    '=',
    '@',
    '://',
    '%41',
    '\\u0041',
    '&amp;',
    '[REDACTED:jwt]',
    'é',
    '中',
    '-',
    '4',
  ),
  anyKey,
  fc.string({ maxLength: 8 }),
  fc.string({ maxLength: 8, unit: 'binary' }),
)
const texts = fc.array(parts, { minLength: 1, maxLength: 8 }).map((list) => list.join(''))
/** What stands around the text in its buffer, which is no part of it. */
const surroundings = fc.oneof(fc.constantFrom(...examples), fc.string({ maxLength: 20 }))

const asks = (asked: typeof redactor, text: string, before = '', after = ''): boolean => {
  const start = Buffer.byteLength(before)
  const bytes = Buffer.from(before + text + after)
  return asked.mayContainSecret(bytes, start, start + Buffer.byteLength(text))
}

describe('mayContainSecret', () => {
  it('says no only of texts that the redactor leaves as they are, whatever stands around them', () => {
    let clean = 0
    fc.assert(
      fc.property(texts, surroundings, surroundings, (text, before, after) => {
        for (const asked of [redactor, withAll]) {
          if (asks(asked, text.toWellFormed(), before.toWellFormed(), after.toWellFormed())) continue
          clean++
          expect(asked.text(text)).toBe(text)
          expect(asked.identifier(text)).toBe(text)
          expect(asked.attribute('host.name', text)).toBe(text)
        }
      }),
      { seed: 20261125, numRuns: 5000 },
    )
    expect(clean).toBeGreaterThan(500)
  })

  it('says yes of everything that any rule catches, in one piece and after other text', () => {
    for (const rule of scanRules) {
      for (const text of rule.catches) {
        expect(asks(withAll, text), text).toBe(true)
        expect(asks(withAll, `of it: ${text}`), text).toBe(true)
      }
    }
  })

  it('says no of what most columns hold, so that they can be copied', () => {
    const usual = [
      '0198a5b0-7c3e-5f6a-9b1d-2c3e4f5a6b7c',
      'req_01JD9X8Z7Q4W2V6T5S3R1P0N9M',
      '4bf92f3577b34da6a3ce929d0e0e4736',
      'llm-gateway-7d9c5b6f4-x2x8z',
      'rate_limit_exceeded',
      'api.openai.com',
      '/v1/chat/completions',
      'acct_7Qm2Vx9',
      '203.0.113.7',
      'OpenAI/JS 7.57.0',
      'ip-10-0-3-7.eu-central-1.compute.internal',
      '',
    ]
    expect(usual.filter((text) => asks(redactor, text))).toEqual([])
  })

  it('spares nothing: texts are redacted as by a full scan, which is what a rule of the operator asks for', () => {
    const extraRules = [{ id: 'own', find: () => [] }]
    const fullScan = createRedactor({ bodies, extraRules })
    const fullScanWithAll = createRedactor({ bodies, extraRules, phoneAndIp: true })
    const runs = fc
      .tuple(fc.constantFrom('码', 'é', ' ', 'a', '-', '.', '1', '"'), fc.integer({ min: 1, max: 140 }))
      .map(([text, count]) => text.repeat(count))
    const names = fc.constantFrom('password', 'token', 'x-api-key', 'key', 'api key', 'cookie', 'auth')
    const joints = fc.constantFrom('":"', "': '", '=', ': ', ':', '==', ' => ', '://', '?', '&', '\\"')
    const more = fc.array(fc.oneof(parts, runs, names, joints), { minLength: 1, maxLength: 8 })
    let changed = 0
    fc.assert(
      fc.property(more, (list) => {
        const text = list.join('')
        const redacted = redactor.text(text)
        if (redacted !== text) changed++
        expect(redacted).toBe(fullScan.text(text))
        expect(redactor.identifier(text)).toBe(fullScan.identifier(text))
        expect(withAll.text(text)).toBe(fullScanWithAll.text(text))
      }),
      { numRuns: Number(process.env.PREFILTER_RUNS ?? 4000) },
    )
    expect(changed).toBeGreaterThan(400)
  })

  it('says yes of secrets behind long names and hosts of characters that take several bytes', () => {
    const long = '码'.repeat(110)
    for (const text of [
      `{"${long}password":"correct horse"}`,
      `{'${long}api_key': 'correct horse'}`,
      `https://${'码'.repeat(1200)}:secret@host/`,
      `4111\u00a01111\u00a01111\u00a01111`,
    ]) {
      expect(redactor.text(text), text).not.toBe(text)
      expect(asks(redactor, text), text).toBe(true)
    }
  })

  it('says yes of everything when there are rules of the operator', () => {
    const own = createRedactor({ bodies, extraRules: compileUserRules([{ id: 'own', pattern: 'abc' }]) })
    expect(asks(own, 'xyz')).toBe(true)
  })
})
