import { parser } from '@prometheus-io/lezer-promql'
import { expect } from 'vitest'
import { observeJournal } from '../../src/journal/journal-metrics.ts'
import { createMetrics } from '../../src/metrics/metrics.ts'

/** Names of series that a sidecar's /metrics can have. */
function knownSeries(): ReadonlySet<string> {
  const metrics = createMetrics()
  observeJournal(metrics, { stats: () => ({}) as never })
  const names = metrics.registry.getMetricsAsArray().map(({ name }) => name)
  return new Set(names.flatMap((name) => [name, `${name}_bucket`, `${name}_sum`, `${name}_count`]))
}

const known = knownSeries()

/** Checks that PromQL parses, and that the series of the sidecar that it names exist. @returns those names. */
export function checkPromql(expr: string): readonly string[] {
  const errors: number[] = []
  parser.parse(expr).iterate({
    enter(node) {
      if (node.type.isError) errors.push(node.from)
    },
  })
  expect([expr, errors]).toEqual([expr, []])
  const used = expr.match(/\bops_\w+/g) ?? []
  expect(used.filter((name) => !known.has(name))).toEqual([])
  return used
}
