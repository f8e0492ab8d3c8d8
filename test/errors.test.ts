import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { errorCatalogue } from '../src/errors.ts'

describe('docs/errors.md', () => {
  it('lists exactly the codes of the catalogue with their status, title and action', () => {
    const text = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8')
    const documented = text.split('\n').filter((line) => line.startsWith('| `'))
    const expected = Object.entries(errorCatalogue).map(
      ([code, { status, title, action }]) => `| \`${code}\` | ${status} | ${title} | ${action} |`,
    )
    expect(documented).toEqual(expected)
  })
})
