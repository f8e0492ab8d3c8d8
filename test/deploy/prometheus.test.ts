import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { checkPromql } from '../support/promql.ts'

const read = (name: string): unknown =>
  parse(readFileSync(new URL(`../../deploy/prometheus/${name}`, import.meta.url), 'utf8'))

const { groups } = read('rules.yml') as {
  groups: {
    rules: { alert: string; expr: string; labels: { severity: string }; annotations: { summary: string } }[]
  }[]
}
const rules = groups.flatMap((group) => group.rules)

describe('the alert rules for Prometheus', () => {
  it.each(rules)('$alert parses, and asks for what the sidecar counts', ({ expr, labels, annotations }) => {
    const used = checkPromql(expr)
    if (!expr.startsWith('up{')) expect(used.length).toBeGreaterThan(0)
    expect(['critical', 'warning']).toContain(labels.severity)
    expect(annotations.summary).not.toBe('')
  })

  it('have each name once, and are loaded by the configuration', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length)
    const { rule_files: files, scrape_configs: jobs } = read('prometheus.yml') as {
      rule_files: string[]
      scrape_configs: { job_name: string }[]
    }
    expect(files).toEqual(['rules.yml'])
    expect(jobs.map(({ job_name: name }) => name)).toEqual(['ops-sidecar'])
  })
})
