import { useMemo } from 'preact/hooks'
import type { HistogramAnswer, TopAnswer } from '../api/types.ts'
import { useQuery } from '../api/use-query.ts'
import { histogramPath } from '../chart/histogram-panel.tsx'
import { seriesOf } from '../chart/series.ts'
import { Sparkline } from '../chart/sparkline.tsx'
import { changeOf, shortNumber, wholeNumber } from '../format/number.ts'
import { type StatusClass, statusClassOf, statusClassTexts } from '../format/status.ts'
import { rangeLength } from '../format/time.ts'
import { addFilter } from '../url-state/filters.ts'
import { rangeMs } from '../url-state/time-range.ts'
import type { UrlState } from '../url-state/url-state.ts'
import { navigate } from '../url-state/use-url-state.ts'

interface HeadlineProps {
  state: UrlState
  tick: number
  now: TopAnswer | undefined
  before: TopAnswer | undefined
}

const tiles = ['rate_limited', 'overloaded', 'server_error', 'network'] as const

function countOf(top: TopAnswer, statusClass: StatusClass): number {
  return top.items
    .filter((item) => statusClassOf(Number(item.key)) === statusClass)
    .reduce((sum, item) => sum + item.count, 0)
}

/** The five numbers that tell how it goes, each against the range before. */
export function Headline({ state, tick, now, before }: HeadlineProps) {
  const { answer: histogram } = useQuery<HistogramAnswer>(histogramPath(state, 'status_code'), tick)
  const series = useMemo(() => (histogram ? seriesOf(histogram, 'status_code') : []), [histogram])
  const { fromMs, toMs } = rangeMs(state.range, Date.now())
  const compared = `vs ${rangeLength(toMs - fromMs)} before`
  const totals = histogram?.buckets.map((bucket) => bucket.total) ?? []
  return (
    <section class="headline" aria-label="Errors by what they mean">
      <Tile label="All errors" count={now?.total} before={before?.total} compared={compared} line={totals} />
      {tiles.map((statusClass) => (
        <Tile
          key={statusClass}
          label={statusClassTexts[statusClass].label}
          code={statusClassTexts[statusClass].short}
          statusClass={statusClass}
          count={now && countOf(now, statusClass)}
          before={before && countOf(before, statusClass)}
          compared={compared}
          line={series.find((one) => one.key === statusClass)?.values ?? totals.map(() => 0)}
        />
      ))}
    </section>
  )
}

interface TileProps {
  label: string
  code?: string
  statusClass?: StatusClass
  count: number | undefined
  before: number | undefined
  compared: string
  line: readonly number[]
}

function Tile({ label, code, statusClass, count, before, compared, line }: TileProps) {
  const change = count === undefined || before === undefined ? undefined : changeOf(count, before)
  const show = (): void =>
    navigate((state) => ({
      view: 'errors',
      filters: (statusClass ? statusClassTexts[statusClass].filter : []).reduce(
        (filters, text) => addFilter(filters, { name: 'status_code', text }),
        state.filters,
      ),
    }))
  return (
    <button type="button" class={`tile tile-${(statusClass ?? 'all').replace('_', '-')}`} onClick={show}>
      <span class="tile-label">
        {statusClass && <span class="key" />}
        {label} {code && /^\d+$/.test(code) && <span class="quiet">{code}</span>}
      </span>
      <span class="tile-count" title={count === undefined ? undefined : wholeNumber(count)}>
        {count === undefined ? '–' : shortNumber(count)}
      </span>
      <span class="tile-change">
        {change && (
          <>
            <span class={`change change-${change.direction}`}>
              {change.direction === 'up' && '▲ '}
              {change.direction === 'down' && '▼ '}
              {change.text}
            </span>{' '}
            <span class="quiet">
              {compared} ({shortNumber(before ?? 0)})
            </span>
          </>
        )}
      </span>
      <Sparkline values={line} width={120} height={28} />
    </button>
  )
}
