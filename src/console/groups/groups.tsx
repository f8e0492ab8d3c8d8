import type { GroupsAnswer } from '../api/types.ts'
import { useQuery } from '../api/use-query.ts'
import { HistogramPanel } from '../chart/histogram-panel.tsx'
import { ProblemNotice } from '../shell/problem-notice.tsx'
import { useNow } from '../shell/use-now.ts'
import { selectionQuery, type UrlState } from '../url-state/url-state.ts'
import { GroupRow } from './group-row.tsx'

const askedGroups = 100

/** Errors that say the same, most first. */
export function Groups({ state, tick }: { state: UrlState; tick: number }) {
  const { answer, problem, loading } = useQuery<GroupsAnswer>(
    `upstream-errors/groups?${selectionQuery(state, { n: askedGroups })}`,
    tick,
  )
  const nowMs = useNow(5000)
  const groups = answer?.groups ?? []
  const newOnes = groups.filter((group) => group.is_new).length
  return (
    <div class="errors">
      <HistogramPanel state={state} tick={tick} height={120} />
      <section class="panel" aria-label="Groups" aria-busy={loading}>
        <header class="panel-header">
          <h2>Groups</h2>
          <span class="quiet" role="status">
            {answer &&
              `${groups.length === askedGroups ? `the ${askedGroups} largest` : groups.length}${newOnes > 0 ? `, ${newOnes} new` : ''}`}
          </span>
        </header>
        {problem && <ProblemNotice problem={problem} />}
        {!answer && !problem && <div class="skeleton top-skeleton" />}
        {answer && groups.length === 0 && <p class="quiet panel-nothing">No errors in this range.</p>}
        <ul class="group-list">
          {groups.map((group) => (
            <GroupRow key={group.fingerprint} group={group} nowMs={nowMs} />
          ))}
        </ul>
      </section>
    </div>
  )
}
