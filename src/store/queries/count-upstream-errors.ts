import type { RunQuery } from '../query.ts'
import type { TimeRange } from '../time-range.ts'
import { type CountOrigin, countSource } from './count-source.ts'
import type { Filter } from './filters.ts'

/** How many events of a range pass the filters. */
export async function countUpstreamErrors(
  run: RunQuery,
  range: TimeRange,
  filters: readonly Filter[],
): Promise<{ count: number; source: CountOrigin }> {
  const source = countSource(run, { range, filters })
  const { rows } = await run<{ count: number }>({
    sql: `SELECT sum(n) AS count FROM (${source.sql})`,
    params: source.params,
    class: 'analysis',
  })
  return { count: rows[0]?.count ?? 0, source: source.origin }
}
