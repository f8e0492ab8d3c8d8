import type { HistogramAnswer, TopAnswer } from '../api/types.ts'
import type { Query } from '../api/use-query.ts'
import { useQuery } from '../api/use-query.ts'
import { Sparkline } from '../chart/sparkline.tsx'
import { changeOf, errorCount, shortNumber, wholeNumber } from '../format/number.ts'
import { ProblemNotice } from '../shell/problem-notice.tsx'
import { addFilter, filterFor } from '../url-state/filters.ts'
import { type Split, selectionQuery, type UrlState } from '../url-state/url-state.ts'
import { navigate } from '../url-state/use-url-state.ts'

interface TopListProps {
  title: string
  dimension: Split
  state: UrlState
  tick: number
  top: Query<TopAnswer>
}

/** Of each ranking; the API gives no more. */
export const askedItems = 100
const shownItems = 8

/** The values of a dimension with most errors: how many, how they changed, and their course. */
export function TopList({ title, dimension, state, tick, top }: TopListProps) {
  const course = useQuery<HistogramAnswer>(
    `upstream-errors/histogram?${selectionQuery(state, { by: dimension, max_keys: shownItems })}`,
    tick,
  )
  const items = top.answer?.items.slice(0, shownItems) ?? []
  const largest = Math.max(1, ...items.map((item) => item.count))
  const more = (top.answer?.items.length ?? 0) - items.length
  return (
    <section class="panel top-list" aria-label={title} aria-busy={top.loading}>
      <header class="panel-header">
        <h2>{title}</h2>
        {more > 0 && (
          <span class="quiet">{items.length + more === askedItems ? `over ${more}` : more} more</span>
        )}
      </header>
      {top.problem && <ProblemNotice problem={top.problem} />}
      {!top.answer && !top.problem && <div class="skeleton top-skeleton" />}
      <ol>
        {items.map((item) => {
          const change = changeOf(item.count, item.previous_count)
          return (
            <li key={item.key}>
              <button
                type="button"
                title={`${errorCount(item.count)}, ${Math.round(item.share * 100)} %; ${wholeNumber(item.previous_count)} before. Show only these.`}
                onClick={() =>
                  navigate((now) => ({ filters: addFilter(now.filters, filterFor(dimension, item.key)) }))
                }
              >
                <span class="top-name">{item.key === '' ? <i>not known</i> : item.key}</span>
                <span class="top-bar">
                  <span style={{ width: `${(100 * item.count) / largest}%` }} />
                </span>
                <Sparkline
                  width={72}
                  height={20}
                  values={course.answer?.buckets.map((bucket) => bucket.counts[item.key] ?? 0) ?? []}
                />
                <span class="number top-count">{shortNumber(item.count)}</span>
                <span class={`change change-${change.direction} top-change`}>
                  {change.direction === 'up' && '▲ '}
                  {change.direction === 'down' && '▼ '}
                  {change.direction === 'same' ? '–' : change.text}
                </span>
              </button>
            </li>
          )
        })}
      </ol>
    </section>
  )
}
