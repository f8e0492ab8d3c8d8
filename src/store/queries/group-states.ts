import { type GroupChange, groupStateColumns } from '../group-states.ts'
import type { RunQuery } from '../query.ts'
import { maxRangeDays } from '../time-range.ts'
import { countSource } from './count-source.ts'
import { columnsFirst, fingerprintText } from './event-columns.ts'
import type { Filter } from './filters.ts'
import { seenTimes } from './seen-times.ts'

/** `reopened`: resolved, and then seen again. A group that nobody decided about is `open`. */
export const groupStates = ['open', 'reopened', 'resolved', 'muted'] as const
export type GroupState = (typeof groupStates)[number]

export interface StateOfGroup {
  readonly state: GroupState
  /** The decision that it comes from. */
  readonly change: GroupChange
}

/** The newest decisions that are looked at; a statement of the embedded engine has room for their fingerprints. */
const maxGroups = 3000
const maxHistory = 1000
const dayMs = 86_400_000
/** A sender's clock may be ahead. */
const aheadMs = dayMs

/**
 * The states of the groups that somebody decided about, by fingerprint.
 * @param fingerprints only of these; undefined = of all.
 */
export async function statesOfGroups(
  run: RunQuery,
  fingerprints: readonly string[] | undefined,
): Promise<ReadonlyMap<string, StateOfGroup>> {
  const changes = await newestChanges(run, fingerprints)
  const nowMs = Date.now()
  const lastSeen = await lastSeenSince(
    run,
    changes.filter((change) => change.state === 'resolved'),
    nowMs,
  )
  return new Map(
    changes.map((change) => {
      const seenMs = lastSeen.get(change.fingerprint) ?? 0
      return [change.fingerprint, { state: stateOf(change, seenMs, nowMs), change }]
    }),
  )
}

function stateOf(
  { state, changed_at, muted_until }: GroupChange,
  lastSeenMs: number,
  nowMs: number,
): GroupState {
  if (state === 'resolved') return lastSeenMs > changed_at ? 'reopened' : 'resolved'
  return state === 'muted' && nowMs < muted_until ? 'muted' : 'open'
}

/** The decisions about a group, newest first. */
export function historyOfGroup(run: RunQuery, fingerprint: string): Promise<GroupChange[]> {
  return readChanges(run, [fingerprint], maxHistory, '')
}

/**
 * The filters with those states of groups added, or `none` when no group can pass. Beside `reopened`, `open` stands for
 * both.
 */
export function withStates(
  filters: readonly Filter[],
  states: ReadonlyMap<string, StateOfGroup>,
  wanted: readonly GroupState[],
): readonly Filter[] | 'none' {
  const isWanted = (state: GroupState) =>
    wanted.includes(state) || (state === 'reopened' && wanted.includes('open'))
  const byWanted = Map.groupBy(states, ([, { state }]) => isWanted(state))
  const decimals = (passes: boolean) =>
    (byWanted.get(passes) ?? []).map(([fingerprint]) => decimalOf(fingerprint))
  let include: readonly string[] | undefined = wanted.includes('open') ? undefined : decimals(true)
  // A group that nobody decided about is open, so that those of other states are left out.
  const exclude = wanted.includes('open') ? decimals(false) : []
  for (const filter of filters) {
    if (filter.form !== 'fingerprint') continue
    exclude.push(...filter.exclude)
    if (filter.include.length > 0)
      include = include?.filter((item) => filter.include.includes(item)) ?? filter.include
  }
  if (include?.length === 0) return 'none'
  return [
    ...filters.filter((filter) => filter.form !== 'fingerprint'),
    { form: 'fingerprint', column: 'fingerprint', include: include ?? [], exclude },
  ]
}

/** Whether there was an error of the group within the longest range. */
export async function isKnownGroup(run: RunQuery, fingerprint: string): Promise<boolean> {
  const nowMs = Date.now()
  const everMs = nowMs - (maxRangeDays - 1) * dayMs
  return (await lastSeenSince(run, [{ fingerprint, changed_at: everMs }], nowMs)).size > 0
}

function newestChanges(run: RunQuery, fingerprints: readonly string[] | undefined): Promise<GroupChange[]> {
  return readChanges(run, fingerprints, maxGroups, 'LIMIT 1 BY ops_error_group_states.fingerprint')
}

const selectList = groupStateColumns
  .filter(({ name }) => name !== 'id')
  .map(({ name, type }) =>
    name === 'fingerprint'
      ? `${fingerprintText} AS fingerprint`
      : type === 'time'
        ? `toUnixTimestamp64Milli(${name}) AS ${name}`
        : name,
  )
  .join(', ')

async function readChanges(
  run: RunQuery,
  fingerprints: readonly string[] | undefined,
  limit: number,
  limitBy: string,
): Promise<GroupChange[]> {
  if (fingerprints?.length === 0) return []
  const decimals = fingerprints?.map(decimalOf)
  const { rows } = await run<GroupChange>({
    sql: `SELECT ${selectList} FROM ops_error_group_states
      ${decimals ? 'WHERE fingerprint IN {fingerprints:Array(UInt64)}' : ''}
      ORDER BY ops_error_group_states.changed_at DESC, id DESC ${limitBy} LIMIT ${limit}`,
    params: decimals ? { fingerprints: decimals } : {},
    class: 'point',
    settings: columnsFirst,
  })
  return [...rows]
}

function decimalOf(fingerprint: string): string {
  return BigInt(`0x${fingerprint}`).toString()
}

/** When these groups were last seen since the earliest of their changes, by fingerprint, Unix ms. */
async function lastSeenSince(
  run: RunQuery,
  changes: readonly Pick<GroupChange, 'fingerprint' | 'changed_at'>[],
  nowMs: number,
): Promise<ReadonlyMap<string, number>> {
  if (changes.length === 0) return new Map()
  const sinceMs = Math.min(...changes.map((change) => change.changed_at))
  const range = { fromMs: Math.max(sinceMs, nowMs - maxRangeDays * dayMs), toMs: nowMs + aheadMs }
  const include = changes.map(({ fingerprint }) => decimalOf(fingerprint))
  const filters: Filter[] = [{ form: 'fingerprint', column: 'fingerprint', include, exclude: [] }]
  const counts = countSource(run, { range, filters, dimension: 'fingerprint', seen: true })
  const { rows } = await run<{ name: string; first_seen: number; last_seen: number }>({
    sql: `SELECT key AS name, min(first_ms) AS first_seen, max(last_ms) AS last_seen
      FROM (${counts.sql}) GROUP BY name HAVING sum(n) > 0`,
    params: counts.params,
    class: 'analysis',
  })
  const times = await seenTimes(run, { range, filters, dimension: 'fingerprint' }, rows, counts)
  return new Map(rows.map((row) => [row.name, times.get(row.name)?.lastMs ?? row.last_seen]))
}
