import type { TopAnswer } from '../api/types.ts'
import { changeOf, errorCount, wholeNumber } from '../format/number.ts'
import { rangeLength } from '../format/time.ts'
import { addFilter, filterFor } from '../url-state/filters.ts'
import { type RangeText, rangeMs } from '../url-state/time-range.ts'
import { navigate } from '../url-state/use-url-state.ts'

interface Riser {
  readonly dimension: string
  readonly kind: string
  readonly key: string
  readonly count: number
  readonly before: number
}

/** Fewer more than before are noise. */
const leastRise = 5
const leastRatio = 1.3

function risersOf(dimension: string, kind: string, top: TopAnswer | undefined): Riser[] {
  return (top?.items ?? [])
    .filter((item) => item.key !== '')
    .map((item) => ({ dimension, kind, key: item.key, count: item.count, before: item.previous_count }))
    .filter(({ count, before }) => count - before >= leastRise && count >= before * leastRatio)
    .sort((a, b) => b.count - b.before - (a.count - a.before))
}

export interface WorseningProps {
  range: RangeText
  platforms: TopAnswer | undefined
  models: TopAnswer | undefined
  accounts: TopAnswer | undefined
}

/** One line that answers first: is it getting worse, and where. */
export function Worsening({ range, platforms, models, accounts }: WorseningProps) {
  if (platforms === undefined || models === undefined || accounts === undefined)
    return <div class="worsening skeleton" />
  const risers = [
    ...risersOf('platform', 'platform', platforms).slice(0, 2),
    ...risersOf('model', 'model', models).slice(0, 2),
    ...risersOf('account_id', 'account', accounts).slice(0, 2),
  ]
  const { fromMs, toMs } = rangeMs(range, Date.now())
  const before = `the ${rangeLength(toMs - fromMs)} before`
  if (risers.length === 0)
    return (
      <p class="worsening worsening-none">
        <span class="dot dot-good" /> Nothing is getting worse: {errorCount(platforms.total)},{' '}
        {wholeNumber(platforms.previous_total)} in {before}.
      </p>
    )
  return (
    <div class="worsening">
      <span class="worsening-title">
        <span class="dot dot-bad" /> Getting worse
      </span>
      <ul>
        {risers.map(({ dimension, kind, key, count, before: earlier }) => (
          <li key={`${dimension} ${key}`}>
            <button
              type="button"
              title={`${errorCount(count)}, ${wholeNumber(earlier)} in ${before}. Show only these.`}
              onClick={() =>
                navigate((state) => ({ filters: addFilter(state.filters, filterFor(dimension, key)) }))
              }
            >
              <span class="quiet">{kind}</span> <strong>{key}</strong>{' '}
              <span class="change change-up">▲ {changeOf(count, earlier).text}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}
