import { describe, expect, it } from 'vitest'
import { createRedactor } from '../../src/redaction/create-redactor.ts'
import { rules } from '../../src/redaction/rules.ts'

const redactor = createRedactor({ bodies: { default: 'redact', byPlatform: new Map() }, phoneAndIp: true })

describe('every rule', () => {
  for (const rule of rules) {
    if (rule.kind === 'header') continue
    it(`${rule.id} catches its examples`, () => {
      for (const example of rule.catches)
        expect(redactor.text(example), example).toContain(`[REDACTED:${rule.id}]`)
    })
    it(`${rule.id} leaves what only looks like it`, () => {
      for (const example of rule.leaves) expect(redactor.text(example)).toBe(example)
    })
  }

  it('has examples of both', () => {
    for (const rule of rules) {
      expect(rule.catches.length, rule.id).toBeGreaterThan(0)
      expect(rule.leaves.length, rule.id).toBeGreaterThan(0)
    }
  })
})

describe('the header rule', () => {
  for (const rule of rules) {
    if (rule.kind !== 'header') continue
    it('takes out the values of headers that are not known to be harmless', () => {
      for (const name of rule.catches) {
        expect(redactor.headers(JSON.stringify({ [name]: 'a value' }))).toBe(
          `{"${name}":"[REDACTED:header]"}`,
        )
      }
    })
    it('keeps what tells about limits, requests and servers', () => {
      for (const name of rule.leaves) {
        const headers = JSON.stringify({ [name]: 'a value' })
        expect(redactor.headers(headers)).toBe(headers)
      }
    })
  }
})
