import { useState } from 'preact/hooks'
import { put } from '../api/client.ts'
import { noAnswer, type Problem, ProblemError } from '../api/problem.ts'
import { usePopover } from '../shell/use-popover.ts'
import type { Group } from './group-row.tsx'

const muteTimes: readonly (readonly [until: string, label: string])[] = [
  ['now+1h', '1 hour'],
  ['now+1d', '1 day'],
  ['now+7d', '7 days'],
  ['now+30d', '30 days'],
]

type Decision =
  | { readonly state: 'resolved' | 'open' }
  | { readonly state: 'muted'; readonly muted_until: string }

/** Marks a group as resolved, muted or open again, with a reason for those who come later. */
export function GroupActions({ group, onChanged }: { group: Group; onChanged: () => void }) {
  const { box, open, setOpen } = usePopover()
  const [reason, setReason] = useState('')
  const [until, setUntil] = useState('now+1d')
  const [problem, setProblem] = useState<Problem>()
  if (group.state === null) return null
  const settled = group.state === 'resolved' || group.state === 'muted'

  const decide = (decision: Decision): void => {
    setProblem(undefined)
    const why = reason.trim() === '' ? {} : { reason: reason.trim() }
    put(`upstream-errors/groups/${group.fingerprint}/state`, { ...decision, ...why }).then(
      () => {
        setOpen(false)
        setReason('')
        onChanged()
      },
      (error: unknown) => setProblem(error instanceof ProblemError ? error.problem : noAnswer),
    )
  }
  return (
    <div class="group-actions" ref={box}>
      <button
        type="button"
        class="button button-small"
        aria-expanded={open}
        aria-haspopup="dialog"
        onClick={() => setOpen(!open)}
      >
        {settled ? 'Change' : 'Resolve'}
      </button>
      {open && (
        <div class="popover group-dialog" role="dialog" aria-label="State of the group">
          <label>
            Reason, for others
            <input
              value={reason}
              maxLength={2000}
              onInput={(event) => setReason(event.currentTarget.value)}
            />
          </label>
          <div class="group-choices">
            {settled && (
              <button type="button" class="button" onClick={() => decide({ state: 'open' })}>
                Open again
              </button>
            )}
            {group.state !== 'resolved' && (
              <button
                type="button"
                class="button button-primary"
                onClick={() => decide({ state: 'resolved' })}
              >
                Resolved
              </button>
            )}
            <button
              type="button"
              class="button"
              onClick={() => decide({ state: 'muted', muted_until: until })}
            >
              Mute
            </button>
            <label class="group-until">
              <span class="visually-hidden">Muted for</span>
              <select value={until} onChange={(event) => setUntil(event.currentTarget.value)}>
                {muteTimes.map(([value, label]) => (
                  <option key={value} value={value}>
                    for {label}
                  </option>
                ))}
              </select>
            </label>
          </div>
          <p class="quiet">A resolved group is reopened by its next error.</p>
          {problem && (
            <p class="group-problem" role="alert">
              {problem.title}: {problem.detail}
            </p>
          )}
        </div>
      )}
    </div>
  )
}
