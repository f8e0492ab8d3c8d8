import type { ComponentChildren } from 'preact'
import type { GroupsAnswer } from '../api/types.ts'
import { Sparkline } from '../chart/sparkline.tsx'
import { StatusBadge } from '../errors/columns.tsx'
import { shortNumber, wholeNumber } from '../format/number.ts'
import { ago, fullTime } from '../format/time.ts'
import { addFilter, filterFor } from '../url-state/filters.ts'
import { navigate } from '../url-state/use-url-state.ts'

export type Group = GroupsAnswer['groups'][number]

interface GroupRowProps {
  group: Group
  nowMs?: number
  /** What can be done with it. */
  children?: ComponentChildren
}

/** Similar errors as one: what they say, how often, since when and for whom. */
export function GroupRow({ group, nowMs = Date.now(), children }: GroupRowProps) {
  const sample = group.sample as {
    error_message?: string
    platform?: string
    status_code?: number
    category?: string
  } | null
  const lastSeen = new Date(group.last_seen)
  const firstSeen = new Date(group.first_seen)
  return (
    <li class={group.state === 'resolved' || group.state === 'muted' ? 'group group-settled' : 'group'}>
      <button
        type="button"
        class="group-open"
        title="Show its events"
        onClick={() =>
          navigate((state) => ({
            view: 'errors',
            filters: addFilter(state.filters, filterFor('fingerprint', group.fingerprint)),
          }))
        }
      >
        <span class="group-text">
          <span class="group-message">
            {sample?.error_message || <i>{sample?.category ?? 'no message'}</i>}
          </span>
          <span class="group-about">
            {sample && <StatusBadge status={sample.status_code} />}
            {group.is_new && <span class="badge badge-new">new</span>}
            <StateBadge group={group} />
            {sample?.platform && <span>{sample.platform}</span>}
            <span class="quiet">{affected(group.accounts, 'account')}</span>
            <span class="quiet">{affected(group.models, 'model')}</span>
          </span>
        </span>
        <span class="group-seen quiet">
          <span title={fullTime(firstSeen)}>first {ago(firstSeen, nowMs)}</span>
          <span title={fullTime(lastSeen)}>last {ago(lastSeen, nowMs)}</span>
        </span>
        <Sparkline values={group.sparkline} width={110} height={26} />
        <span class="number group-count" title={wholeNumber(group.count)}>
          {shortNumber(group.count)}
        </span>
      </button>
      {children}
    </li>
  )
}

/** What people decided about it; nothing where nobody did. */
function StateBadge({ group: { state, state_change } }: { group: Group }) {
  if (state === null || state === 'open') return null
  const until =
    state === 'muted' && state_change?.muted_until ? new Date(state_change.muted_until) : undefined
  const why = [state_change?.changed_by, state_change?.reason].filter(Boolean).join(': ')
  return (
    <span class={`badge badge-${state}`} title={why || undefined}>
      {state}
      {until && ` until ${fullTime(until).slice(5, 16)}`}
    </span>
  )
}

/** "account 17", "3 accounts" */
function affected({ count, values }: { count: number; values: readonly string[] }, what: string): string {
  if (count === 0) return ''
  if (count === 1) return values[0] === '' ? '' : what === 'model' ? `${values[0]}` : `${what} ${values[0]}`
  return `${wholeNumber(count)} ${what}s`
}
