import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createRedactor } from '../../src/redaction/create-redactor.ts'
import { cleanBodies, cleanMessages } from './clean-messages.ts'

const redactor = createRedactor({ bodies: { default: 'redact', byPlatform: new Map() } })
const fixtures = new URL('../fixtures/providers/', import.meta.url)

/** Every body, header and message of the providers' fixtures, as text. */
function fixtureTexts(): string[] {
  const texts: string[] = []
  for (const file of readdirSync(fixtures)) {
    const cases: { input: Record<string, unknown> }[] = JSON.parse(
      readFileSync(new URL(file, fixtures), 'utf8'),
    )
    for (const { input } of cases) {
      for (const value of [input.body, input.message]) {
        if (value !== undefined && value !== null)
          texts.push(typeof value === 'string' ? value : JSON.stringify(value))
      }
    }
  }
  return texts
}

describe('errors without secrets', () => {
  it('are left as they are', () => {
    for (const text of [...cleanMessages, ...cleanBodies]) expect(redactor.text(text)).toBe(text)
  })

  it('of the fixtures are changed in less than one of 200', () => {
    const texts = fixtureTexts()
    expect(texts.length).toBeGreaterThan(20)
    const changed = texts.filter((text) => redactor.text(text) !== text && !/sk-|AIza|@/.test(text))
    expect(changed.length / texts.length, changed.join('\n')).toBeLessThan(0.005)
  })

  it('are many enough to tell', () => {
    expect(cleanMessages.length + cleanBodies.length).toBeGreaterThan(200)
    expect(new Set([...cleanMessages, ...cleanBodies]).size).toBe(cleanMessages.length + cleanBodies.length)
  })
})
