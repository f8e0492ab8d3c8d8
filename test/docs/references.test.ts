import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { settings } from '../../src/config-schema.ts'
import { checkPromql } from '../support/promql.ts'

const root = new URL('../..', import.meta.url).pathname
const pages = globSync(['README.md', 'CHANGELOG.md', 'docs/*.md', 'clickhouse/*.md', 'deploy/**/*.md'], {
  cwd: root,
})

function textOf(page: string): string {
  return readFileSync(join(root, page), 'utf8')
}

describe('the documentation', () => {
  it.each(pages)('%s links to files that are there', (page) => {
    const links = [...textOf(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map((match) => match[1] ?? '')
    expect(links.filter((link) => !existsSync(join(root, dirname(page), link)))).toEqual([])
  })

  it('names settings that there are', () => {
    const known = new Set<string>(Object.values(settings).map(({ env }) => env))
    for (const page of [
      'README.md',
      'docs/operations.md',
      'docs/architecture.md',
      'docs/security.md',
      'docs/reliability.md',
    ]) {
      const named = textOf(page).match(/\bOPS_[A-Z0-9_]+\b(?!\*)/g) ?? []
      expect([page, named.filter((name) => !known.has(name))]).toEqual([page, []])
    }
  })

  it('names metrics that there are', () => {
    const named = textOf('docs/operations.md').match(/\bops_\w+(?=[`{])/g) ?? []
    expect(named.length).toBeGreaterThan(10)
    for (const name of named) checkPromql(name)
  })
})
