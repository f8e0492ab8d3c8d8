import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dropCutToken, redactWithin, truncateText } from '../../src/redaction/truncate.ts'

describe('truncateText', () => {
  it('keeps as many whole characters as fit, and tells the full size', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 60 }),
        fc.integer({ min: 0, max: 80 }),
        (value, maxBytes) => {
          const { text, bytes } = truncateText(value, maxBytes)
          expect(bytes).toBe(Buffer.byteLength(value))
          expect(value.startsWith(text)).toBe(true)
          expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxBytes)
          const next = [...value.slice(text.length)][0] ?? ''
          if (text !== value) expect(Buffer.byteLength(text + next)).toBeGreaterThan(maxBytes)
        },
      ),
      { seed: 20261123, numRuns: 1000 },
    )
  })
})

describe('redactWithin', () => {
  const redact = (text: string) => text.replace(/K{10,}/g, '[REDACTED:k]')

  it('never shows a part of a secret that lies across the limit', () => {
    for (let before = 80; before <= 110; before++) {
      const text = `${'a'.repeat(before)}${'K'.repeat(50)}${'b'.repeat(100_000)}`
      expect(redactWithin(text, 100, redact)).not.toContain('K')
    }
  })

  it('looks further where secrets shrink the text, so that none is halved in what is kept', () => {
    for (let words = 0; words < 60; words++) {
      const text = `${'K'.repeat(16_420 + words)} word ${'K'.repeat(400)} ${'b'.repeat(100_000)}`
      expect(redactWithin(text, 100, redact)).toBe(`[REDACTED:k] word [REDACTED:k] ${'b'.repeat(69)}`)
    }
  })
})

describe('dropCutToken', () => {
  it.each(['mail bob@exam', 'card 4111 1111 11', 'key abcDEF123', 'token: "Zx81kq_-Lp'])(
    'drops what may be half a secret: %s',
    (text) => {
      expect(dropCutToken(text)).toMatch(/\[REDACTED:cut\]$/)
    },
  )

  it.each(['Rate limit reac', '{"error":"x"}', 'limit 200', '', 'overloaded_err'])(
    'keeps words and whole values: %s',
    (text) => {
      expect(dropCutToken(text)).toBe(text)
    },
  )
})

describe('dropCutToken and its definition as a pattern', () => {
  const lastToken = /(?:\d[\d .-]{6,30}|[A-Za-z0-9_+/=.@%*:~-]{1,256})$/
  const byPattern = (text: string): string => {
    const token = lastToken.exec(text.slice(-256))?.[0] ?? ''
    const mayBeSecret = token.includes('@') || (token.length >= 8 && /\d|.[A-Z]/.test(token))
    return mayBeSecret ? `${text.slice(0, text.length - token.length)}[REDACTED:cut]` : text
  }
  const tails = fc.string({ maxLength: 300, unit: fc.constantFrom(...'0123456789 .-aB_@:~é"}\n') })

  it('do the same', () => {
    fc.assert(
      fc.property(tails, (text) => {
        expect(dropCutToken(text)).toBe(byPattern(text))
      }),
      { numRuns: 3000 },
    )
  })
})
