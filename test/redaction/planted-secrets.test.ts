import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRedactor } from '../../src/redaction/create-redactor.ts'
import { anyKey, encodings, keyFormats, positions, remains } from './corpus.ts'

const redactor = createRedactor({ bodies: { default: 'redact', byPlatform: new Map() } })
const seeded = { seed: 20261123, numRuns: 4 }

/** Undoes every encoding of the corpus, so that a secret cannot hide in what is left. */
function decoded(text: string): string {
  let current = text
  for (let level = 0; level < 5; level++) {
    current = current
      .replace(/\\u([0-9a-f]{4})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
      .replace(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
      .replace(/\\(["\\/])/g, '$1')
  }
  return current
}

describe('a key of a known format', () => {
  for (const [format, keys] of Object.entries(keyFormats)) {
    it(`${format} never survives, wherever and however it is written`, () => {
      fc.assert(
        fc.property(keys, (key) => {
          for (const [where, place] of Object.entries(positions)) {
            for (const [how, encode] of Object.entries(encodings)) {
              const text = encode(place(key))
              const redacted = redactor.text(text)
              expect(remains(key, decoded(redacted)), `${where}, ${how}: ${redacted}`).toBe(false)
            }
          }
        }),
        seeded,
      )
    })

    it(`${format} is recognized when the end of the text cuts it`, () => {
      fc.assert(
        fc.property(keys, (key) => {
          const prefixChars = Math.max(format.length, 7)
          for (let kept = prefixChars + 12; kept < key.length; kept++) {
            const redacted = redactor.text(`Incorrect API key provided: ${key.slice(0, kept)}`)
            expect(redacted, `${kept} characters`).not.toContain(key.slice(0, prefixChars + 8))
          }
        }),
        seeded,
      )
    })
  }

  it('gives the same hash however it is written', () => {
    const keyed = createRedactor({ bodies: { default: 'redact', byPlatform: new Map() }, hmacKey: 'k' })
    const hashOf = (text: string) => /\[REDACTED:[a-z-]+:([0-9a-f]{12})\]/.exec(keyed.text(text))?.[1]
    fc.assert(
      fc.property(anyKey, (key) => {
        const plain = hashOf(`key ${key} was`)
        expect(plain).toBeDefined()
        expect(hashOf(JSON.stringify({ m: JSON.stringify({ n: `key ${key} was` }) }))).toBe(plain)
        expect(hashOf(encodeURIComponent(`key ${key} was`))).toBe(plain)
      }),
      { seed: 20261123, numRuns: 100 },
    )
  })
})

describe('a value under a secret name', () => {
  const names = [
    'password',
    'client_secret',
    'apiKey',
    'X-Api-Key',
    'authorization',
    'private-key',
    'refresh_token',
    'dbPasswd',
  ]
  const values = fc.stringMatching(/^[A-Za-z][A-Za-z0-9 "\\\n!§$%&/()=?+*#,;.:-]{4,30}[A-Za-z0-9]$/)

  it('is taken out of JSON at any depth, and the JSON still parses', () => {
    fc.assert(
      fc.property(fc.constantFrom(...names), values, fc.integer({ min: 0, max: 3 }), (name, value, depth) => {
        fc.pre(!/^(?:undefined|malformed|unavailable|disabled)$/i.test(value))
        let json = JSON.stringify({ id: 1, [name]: value, last: [true, null] })
        for (let level = 0; level < depth; level++) json = JSON.stringify({ raw: json })
        let result: unknown = JSON.parse(redactor.text(json))
        for (let level = 0; level < depth; level++) result = JSON.parse((result as { raw: string }).raw)
        expect(result).toMatchObject({ id: 1, last: [true, null] })
        expect((result as Record<string, unknown>)[name]).toMatch(/^\[REDACTED:[a-z-]+\]$/)
      }),
      { seed: 20261123, numRuns: 500 },
    )
  })
})
