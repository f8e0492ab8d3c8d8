import type { HistogramAnswer } from '../api/types.ts'
import { statusClasses, statusClassOf, statusClassTexts } from '../format/status.ts'
import type { Filter } from '../url-state/filters.ts'
import { filterFor } from '../url-state/filters.ts'
import type { Split } from '../url-state/url-state.ts'

export interface Series {
  readonly key: string
  readonly label: string
  /** A custom property of the theme. */
  readonly color: string
  readonly values: readonly number[]
  readonly total: number
  /** What shows only its events; none for what is left over. */
  readonly filters: readonly Filter[]
}

const maxKeys = 7
/** The colours of statuses are kept for statuses where the chart shows statuses. */
const palette = [
  '--series-1',
  '--series-2',
  '--series-3',
  '--series-4',
  '--series-5',
  '--series-6',
  '--series-7',
]

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

/** The series of a histogram, largest last but one: what is left over stands on top. */
export function seriesOf(histogram: HistogramAnswer, split: Split): Series[] {
  return split === 'status_code' ? statusSeries(histogram) : keySeries(histogram, split)
}

function keySeries({ keys, buckets }: HistogramAnswer, split: Split): Series[] {
  const shown = keys.slice(0, maxKeys)
  const series = shown.map((key, index): Series => {
    const values = buckets.map((bucket) => bucket.counts[key] ?? 0)
    return {
      key,
      label: key === '' ? 'not known' : key,
      color: palette[index] ?? '--series-other',
      values,
      total: sum(values),
      filters: [filterFor(split, key)],
    }
  })
  const rest = buckets.map(
    (bucket) => bucket.other + sum(keys.slice(maxKeys).map((key) => bucket.counts[key] ?? 0)),
  )
  const total = sum(rest)
  if (total > 0)
    series.push({
      key: '\0other',
      label: 'others',
      color: '--series-other',
      values: rest,
      total,
      filters: [],
    })
  return series
}

/** Statuses by what they mean for an operator, in one order and colour everywhere. */
function statusSeries({ keys, buckets }: HistogramAnswer): Series[] {
  return statusClasses
    .map((statusClass): Series => {
      const members = keys.filter((key) => statusClassOf(Number(key)) === statusClass)
      const values = buckets.map(
        (bucket) =>
          sum(members.map((key) => bucket.counts[key] ?? 0)) + (statusClass === 'other' ? bucket.other : 0),
      )
      const { label, short, filter } = statusClassTexts[statusClass]
      return {
        key: statusClass,
        label: /^\d+$/.test(short) ? `${short} ${label.toLowerCase()}` : label,
        color: `--status-${statusClass.replace('_', '-')}`,
        values,
        total: sum(values),
        filters: filter.map((text) => ({ name: 'status_code', text })),
      }
    })
    .filter((series) => series.total > 0)
}
