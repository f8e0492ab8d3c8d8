import { useState } from 'preact/hooks'
import type { GroupsAnswer } from '../api/types.ts'
import { useQuery } from '../api/use-query.ts'
import { HistogramPanel } from '../chart/histogram-panel.tsx'
import { ProblemNotice } from '../shell/problem-notice.tsx'
import { useNow } from '../shell/use-now.ts'
import { groupStates, type ShownGroups, selectionQuery, type UrlState } from '../url-state/url-state.ts'
import { navigate } from '../url-state/use-url-state.ts'
import { GroupActions } from './group-actions.tsx'
import { GroupRow } from './group-row.tsx'

const askedGroups = 100

const stateLabels: Readonly<Record<ShownGroups, string>> = {
  all: 'All',
  open: 'Open',
  resolved: 'Resolved',
  muted: 'Muted',
}

/** Errors that say the same, most first, and what people decided about them. */
export function Groups({ state, tick }: { state: UrlState; tick: number }) {
  const [changes, setChanges] = useState(0)
  const shown = state.groups === 'all' ? {} : { state: state.groups }
  const { answer, problem, loading } = useQuery<GroupsAnswer>(
    `upstream-errors/groups?${selectionQuery(state, { n: askedGroups, ...shown })}`,
    `${tick} ${changes}`,
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
            {answer && (groups.length === askedGroups ? `the ${askedGroups} largest` : groups.length)}
            {newOnes > 0 && `, ${newOnes} new`}
          </span>
          <div class="segments" role="group" aria-label="State">
            {groupStates.map((item) => (
              <button
                key={item}
                type="button"
                aria-pressed={state.groups === item}
                onClick={() => navigate({ groups: item })}
              >
                {stateLabels[item]}
              </button>
            ))}
          </div>
        </header>
        {problem && <ProblemNotice problem={problem} />}
        {!answer && !problem && <div class="skeleton top-skeleton" />}
        {answer && groups.length === 0 && <p class="quiet panel-nothing">No such errors in this range.</p>}
        <ul class="group-list">
          {groups.map((group) => (
            <GroupRow key={group.fingerprint} group={group} nowMs={nowMs}>
              <GroupActions group={group} onChanged={() => setChanges((count) => count + 1)} />
            </GroupRow>
          ))}
        </ul>
      </section>
    </div>
  )
}
