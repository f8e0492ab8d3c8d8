import { type ParsedUrlQuery, parse } from 'node:querystring'
import { filterColumns } from '../store/queries/filter-columns.ts'

const numberColumns = new Set(filterColumns.filter(({ form }) => form === 'number').map(({ name }) => name))

/** A name with a comparison: `latency_ms>` of `latency_ms>=100`, `latency_ms<500` of what has no `=` at all. */
const comparisonPattern = /^(?<column>[a-z_]+)(?<operator>[<>])(?<operand>.*)$/s

interface Bounds {
  /** As they were written. */
  readonly comparisons: string[]
  min: number
  max: number
}

/**
 * The parameters of a query string. Comparisons of numbers may be written as everybody writes them: `latency_ms>=100`,
 * `latency_ms<500`. One becomes the value that the parameter takes (`latency_ms=>=100`), several of one column the range
 * in which all of them hold (`latency_ms=100..499`), since bounds that are alternatives would hold for every event.
 */
export function parseQueryString(text: string): ParsedUrlQuery {
  const query: ParsedUrlQuery = Object.create(null)
  const boundsOf = new Map<string, Bounds>()
  for (const [name, values] of Object.entries(parse(text, '&', '=', { maxKeys: 0 }))) {
    const { column = '', operator, operand } = comparisonPattern.exec(name)?.groups ?? {}
    if (!numberColumns.has(column)) {
      query[name] = values
      continue
    }
    const bounds = boundsOf.get(column) ?? { comparisons: [], min: 0, max: Number.POSITIVE_INFINITY }
    boundsOf.set(column, bounds)
    for (const value of [values ?? ''].flat()) {
      const isStrict = operand !== ''
      const bound = isStrict ? operand + value : value
      const comparison = `${operator}${isStrict ? '' : '='}${bound}`
      bounds.comparisons.push(comparison)
      if (operator === '>') bounds.min = Math.max(bounds.min, Number(bound) + (isStrict ? 1 : 0))
      else bounds.max = Math.min(bounds.max, Number(bound) - (isStrict ? 1 : 0))
    }
  }
  for (const [column, bounds] of boundsOf) {
    query[column] = [...[query[column] ?? []].flat(), textOf(bounds)]
  }
  return query
}

/** What is no number is left as it was written, so that who refuses it can name it. */
function textOf({ comparisons, min, max }: Bounds): string {
  const [first = ''] = comparisons
  if (comparisons.length === 1) return first
  const strange = comparisons.find((comparison) => !/^[<>]=?\d+$/.test(comparison))
  return strange ?? `${min}..${max === Number.POSITIVE_INFINITY ? '' : max}`
}
