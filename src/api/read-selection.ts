import { idColumns } from '../store/queries/filter-columns.ts'
import type { Filter } from '../store/queries/filters.ts'
import { maxRangeDays, parseTimeRange, type TimeRange } from '../store/time-range.ts'
import { filterProperties } from './filter-schema.ts'
import { type FilterTexts, parseFilters } from './parse-filters.ts'

/** Which events a request is about. */
export interface Selection {
  readonly range: TimeRange
  readonly filters: readonly Filter[]
}

type QueryTexts = Readonly<Record<string, unknown>>

/**
 * The range and filters of a query string. With the id of a request or trace, `from` is the beginning by default: an
 * index finds such events wherever they are.
 * @throws OpsError `invalid_parameter`.
 */
export function readSelection(query: QueryTexts, nowMs = Date.now()): Selection {
  const filters = parseFilters(filterTexts(query))
  const fallback = idFilter(filters) ? `now-${maxRangeDays}d` : undefined
  return { range: parseTimeRange(textOf(query.from), textOf(query.to), nowMs, fallback), filters }
}

/** The filter parameters of a query string as given. */
export function filterTexts(query: QueryTexts): FilterTexts {
  const texts: Record<string, string[]> = {}
  for (const name of Object.keys(filterProperties)) {
    const values = query[name]
    if (Array.isArray(values)) texts[name] = values.map(String)
  }
  return texts
}

/** The filter that names one request or trace, if there is one. */
export function idFilter(filters: readonly Filter[]): Filter | undefined {
  return filters.find(
    (filter) =>
      filter.form === 'text' && idColumns.includes(filter.column) && filter.include.some((id) => id !== ''),
  )
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
