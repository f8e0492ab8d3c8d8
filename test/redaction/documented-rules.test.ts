import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { rules } from '../../src/redaction/rules.ts'

const foundBy = {
  value: 'its form, anywhere in a text',
  key: 'the name of its key',
  query: 'the name of its URL parameter',
  header: 'the name of its header, unless that is kept',
}

const table = rules.map((rule) => {
  const isOptional = 'optional' in rule && rule.optional === true
  return `| \`${rule.id}\` | ${foundBy[rule.kind]} | ${isOptional ? 'off' : 'on'} | ${rule.catches.length} / ${rule.leaves.length} |`
})

describe('docs/security.md', () => {
  it('lists every rule of redaction and no other, as the rules are', () => {
    const docs = readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8')
    expect(docs.split('\n').filter((line) => /^\| `[a-z-]+` \| (?:its|the name)/.test(line))).toEqual(table)
  })
})
