import type { ConsoleConfig, TopAnswer } from '../api/types.ts'
import { useQuery } from '../api/use-query.ts'
import { HistogramPanel } from '../chart/histogram-panel.tsx'
import { ProblemNotice } from '../shell/problem-notice.tsx'
import type { Refresh } from '../shell/use-refresh.ts'
import { previousRange } from '../url-state/time-range.ts'
import { selectionQuery, type UrlState } from '../url-state/url-state.ts'
import { EmptyState } from './empty-state.tsx'
import { Headline } from './headline.tsx'
import { Throttled } from './throttled.tsx'
import { TopGroups } from './top-groups.tsx'
import { askedItems, TopList } from './top-list.tsx'
import { Worsening } from './worsening.tsx'

interface OverviewProps {
  state: UrlState
  refresh: Refresh
  config: ConsoleConfig | undefined
}

/** What is failing, since when, for whom, and whether it is getting worse. */
export function Overview({ state, refresh, config }: OverviewProps) {
  const { tick } = refresh
  const top = (dimension: string, range = state.range): string =>
    `upstream-errors/top?${selectionQuery({ ...state, range }, { dimension, n: askedItems })}`
  const now = useQuery<TopAnswer>(top('status_code'), tick)
  // The store has few readers: the numbers come first, what is asked of the events themselves after them.
  const begun = now.answer !== undefined
  const before = useQuery<TopAnswer>(begun ? top('status_code', previousRange(state.range)) : undefined, tick)
  const platforms = useQuery<TopAnswer>(begun ? top('platform') : undefined, tick)
  const models = useQuery<TopAnswer>(begun ? top('model') : undefined, tick)
  const accounts = useQuery<TopAnswer>(begun ? top('account_id') : undefined, tick)

  const nothing = now.answer?.total === 0
  return (
    <div class="overview">
      {now.problem && <ProblemNotice problem={now.problem} />}
      {nothing && <EmptyState state={state} config={config} onFirstEvent={refresh.now} />}
      {!nothing && (
        <>
          <Worsening
            range={state.range}
            platforms={platforms.answer}
            models={models.answer}
            accounts={accounts.answer}
          />
          <Headline state={state} tick={tick} now={now.answer} before={before.answer} />
          <div class="overview-middle">
            <HistogramPanel state={state} tick={tick} height={252} />
            {begun ? <Throttled state={state} tick={tick} /> : <div class="panel skeleton" />}
          </div>
          {begun && (
            <>
              <div class="overview-tops">
                <TopList title="Platforms" dimension="platform" state={state} tick={tick} top={platforms} />
                <TopList title="Models" dimension="model" state={state} tick={tick} top={models} />
                <TopList title="Accounts" dimension="account_id" state={state} tick={tick} top={accounts} />
              </div>
              <TopGroups state={state} tick={tick} />
            </>
          )}
        </>
      )}
    </div>
  )
}
