import { useMemo } from 'preact/hooks'
import type { HistogramAnswer } from '../api/types.ts'
import { useQuery } from '../api/use-query.ts'
import { shortNumber, wholeNumber } from '../format/number.ts'
import { ProblemNotice } from '../shell/problem-notice.tsx'
import { addFilter } from '../url-state/filters.ts'
import { absoluteRange } from '../url-state/time-range.ts'
import { type Split, selectionQuery, splits, type UrlState } from '../url-state/url-state.ts'
import { navigate } from '../url-state/use-url-state.ts'
import { type Series, seriesOf } from './series.ts'
import { StackedChart } from './stacked-chart.tsx'

const splitLabels: Readonly<Record<Split, string>> = {
  status_code: 'Status',
  platform: 'Platform',
  category: 'Category',
  model: 'Model',
  account_id: 'Account',
}

/** The histogram of a split, as path of the API: asked for by every view that shows it. */
export const histogramPath = (state: UrlState, split: Split): string =>
  `upstream-errors/histogram?${selectionQuery(state, { by: split })}`

const zoom = (fromMs: number, toMs: number): void => navigate({ range: absoluteRange(fromMs, toMs) })

/** When errors came: stacked bars, what they are divided by, and a legend that filters. */
export function HistogramPanel({ state, tick, height }: { state: UrlState; tick: number; height: number }) {
  const { answer, problem, loading } = useQuery<HistogramAnswer>(histogramPath(state, state.split), tick)
  const drawn = useMemo(() => {
    if (answer === undefined) return undefined
    return {
      starts: answer.buckets.map((bucket) => Date.parse(bucket.start)),
      bucketMs: answer.bucket_seconds * 1000,
      series: seriesOf(answer, state.split),
    }
  }, [answer])
  return (
    <section class="panel chart-panel" aria-label="Errors over time" aria-busy={loading}>
      <header class="panel-header">
        <h2>Errors over time</h2>
        <SplitChoice split={state.split} />
      </header>
      {problem && <ProblemNotice problem={problem} />}
      {drawn ? (
        <figure class="chart-figure" aria-label={describe(drawn.series)}>
          <StackedChart {...drawn} height={height} onZoom={zoom} />
          <Legend series={drawn.series} />
        </figure>
      ) : (
        !problem && <div class="skeleton" style={{ height: `${height}px` }} />
      )}
    </section>
  )
}

function SplitChoice({ split }: { split: Split }) {
  return (
    <div class="segments" role="group" aria-label="Divide by">
      {splits.map((item) => (
        <button
          key={item}
          type="button"
          aria-pressed={split === item}
          onClick={() => navigate({ split: item }, { replace: true })}
        >
          {splitLabels[item]}
        </button>
      ))}
    </div>
  )
}

function Legend({ series }: { series: readonly Series[] }) {
  if (series.length === 0) return <p class="quiet chart-nothing">No errors in this range.</p>
  return (
    <ul class="legend">
      {series.map((one) => (
        <li key={one.key}>
          <button
            type="button"
            disabled={one.filters.length === 0}
            title={one.filters.length === 0 ? undefined : `Show only ${one.label}`}
            onClick={() => navigate((state) => ({ filters: one.filters.reduce(addFilter, state.filters) }))}
          >
            <span class="key" style={{ background: `var(${one.color})` }} />
            <span class="legend-label">{one.label}</span>
            <span class="number">{shortNumber(one.total)}</span>
          </button>
        </li>
      ))}
    </ul>
  )
}

/** The chart for those who do not see it. */
function describe(series: readonly Series[]): string {
  if (series.length === 0) return 'No errors in this range'
  return `Errors over time: ${series.map((one) => `${one.label} ${wholeNumber(one.total)}`).join(', ')}`
}
