import type { ThrottlingAnswer } from '../api/types.ts'
import { useQuery } from '../api/use-query.ts'
import { errorCount, shortNumber } from '../format/number.ts'
import { ago, countdown, duration } from '../format/time.ts'
import { ProblemNotice } from '../shell/problem-notice.tsx'
import { useNow } from '../shell/use-now.ts'
import { addFilter, filterFor } from '../url-state/filters.ts'
import { selectionQuery, type UrlState } from '../url-state/url-state.ts'
import { navigate } from '../url-state/use-url-state.ts'

type Account = ThrottlingAnswer['accounts'][number]

const shownAccounts = 7
const untilMs = (account: Account): number => Date.parse(account.throttled_until ?? '') || 0

/** Accounts whose provider asked to wait: how long still, or how long it was. */
export function Throttled({ state, tick }: { state: UrlState; tick: number }) {
  const { answer, problem, loading } = useQuery<ThrottlingAnswer>(
    `upstream-errors/throttling?${selectionQuery(state, { n: 100 })}`,
    tick,
  )
  const nowMs = useNow(1000)
  const throttled = (answer?.accounts ?? []).filter((account) => account.throttled_until !== null)
  const waiting = throttled.filter((account) => untilMs(account) > nowMs)
  const listed = [
    ...waiting.toSorted((a, b) => untilMs(b) - untilMs(a)),
    ...throttled.filter((account) => untilMs(account) <= nowMs),
  ].slice(0, shownAccounts)
  return (
    <section class="panel throttled" aria-label="Throttled accounts" aria-busy={loading}>
      <header class="panel-header">
        <h2>Throttled accounts</h2>
        <span class={waiting.length > 0 ? 'badge badge-waiting' : 'badge'}>
          {waiting.length === 0 ? 'none now' : `${waiting.length} now`}
        </span>
      </header>
      {problem && <ProblemNotice problem={problem} />}
      {!answer && !problem && <div class="skeleton top-skeleton" />}
      {answer && listed.length === 0 && <p class="quiet">No provider asked to wait in this range.</p>}
      <ul>
        {listed.map((account) => (
          <ThrottledAccount key={account.account_id} account={account} nowMs={nowMs} />
        ))}
      </ul>
    </section>
  )
}

function ThrottledAccount({ account, nowMs }: { account: Account; nowMs: number }) {
  const leftMs = untilMs(account) - nowMs
  const name = account.account_id === '' ? 'no account' : account.account_id
  return (
    <li>
      <button
        type="button"
        title="Show only this account"
        onClick={() =>
          navigate((state) => ({
            filters: addFilter(state.filters, filterFor('account_id', account.account_id)),
          }))
        }
      >
        <span class="throttled-name">
          <strong>{name}</strong> {account.account_name && <span>{account.account_name}</span>}
          <span class="quiet">
            {account.platform ?? 'platform not known'} · {errorCount(account.errors, shortNumber)} · waited{' '}
            {duration(account.throttled_seconds * 1000)}
          </span>
        </span>
        {leftMs > 0 ? (
          <span class="throttled-left">
            <span class="number">{countdown(leftMs)}</span>
            <span class="quiet">to wait</span>
          </span>
        ) : (
          <span class="throttled-left throttled-over">
            <span>free</span>
            <span class="quiet">{ago(new Date(untilMs(account)), nowMs)}</span>
          </span>
        )}
      </button>
    </li>
  )
}
