import type { GroupChange } from '../store/group-states.ts'
import type { GroupState, StateOfGroup } from '../store/queries/group-states.ts'

export interface PresentedState {
  readonly state: GroupState
  readonly state_change: ReturnType<typeof presentChange> | null
}

/** The state of a group and the decision that it comes from; without one it is open. */
export function presentState(found: StateOfGroup | undefined): PresentedState {
  return found === undefined
    ? { state: 'open', state_change: null }
    : { state: found.state, state_change: presentChange(found.change) }
}

export function presentChange(change: GroupChange) {
  return {
    changed_at: new Date(change.changed_at).toISOString(),
    changed_by: change.changed_by || null,
    reason: change.reason || null,
    muted_until: change.muted_until === 0 ? null : new Date(change.muted_until).toISOString(),
  }
}
