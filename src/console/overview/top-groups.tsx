import type { GroupsAnswer } from '../api/types.ts'
import { useQuery } from '../api/use-query.ts'
import { GroupRow } from '../groups/group-row.tsx'
import { ProblemNotice } from '../shell/problem-notice.tsx'
import { selectionQuery, type UrlState } from '../url-state/url-state.ts'
import { addressOf, navigate } from '../url-state/use-url-state.ts'

/** What providers say most: similar errors together. */
export function TopGroups({ state, tick }: { state: UrlState; tick: number }) {
  const { answer, problem, loading } = useQuery<GroupsAnswer>(
    `upstream-errors/groups?${selectionQuery(state, { n: 6 })}`,
    tick,
  )
  return (
    <section class="panel" aria-label="What providers say" aria-busy={loading}>
      <header class="panel-header">
        <h2>What providers say</h2>
        <a
          href={addressOf({ view: 'groups' })}
          onClick={(event) => {
            if (event.metaKey || event.ctrlKey || event.shiftKey) return
            event.preventDefault()
            navigate({ view: 'groups' })
          }}
        >
          All groups
        </a>
      </header>
      {problem && <ProblemNotice problem={problem} />}
      {!answer && !problem && <div class="skeleton top-skeleton" />}
      <ul class="group-list">
        {answer?.groups.map((group) => (
          <GroupRow key={group.fingerprint} group={group} />
        ))}
      </ul>
    </section>
  )
}
