import type { LedgerContents } from './ledger.ts'
import type { StoreContents } from './read-store.ts'

export interface Tally {
  readonly acknowledged: number
  readonly stored: number
  /** Acknowledged and not stored. */
  readonly lost: number
  /** Rows beyond one of an event. */
  readonly doubled: number
}

export interface Audit {
  readonly tally: Tally
  readonly violations: readonly string[]
}

export interface AuditInput {
  readonly ledger: LedgerContents
  readonly store: StoreContents
  /** Request ids as the API listed them, undefined where it could not be asked. */
  readonly listed: readonly string[] | undefined
  /** Events that the sidecar itself reported as lost. */
  readonly reportedLost: number
}

/** Compares what was sent and acknowledged with what is stored: I1, I2, I3 and I6 of the fault matrix. */
export function auditStore({ ledger, store, listed, reportedLost }: AuditInput): Audit {
  const violations: string[] = []
  const stored = new Set(store.requestIds)
  const lost = [...ledger.acknowledged].filter((id) => !stored.has(id))
  const doubled = store.requestIds.length - stored.size
  const invented = [...stored].filter((id) => !ledger.sent.has(id))
  if (lost.length !== reportedLost)
    violations.push(
      `I1/I6: ${lost.length} acknowledged events are not stored (${some(lost)}), ${reportedLost} reported`,
    )
  if (doubled > 0)
    violations.push(`I2: ${doubled} rows too many in the raw table (${some(repeated(store.requestIds))})`)
  if (store.distinctEventIds !== stored.size)
    violations.push(`I2: ${stored.size} requests, ${store.distinctEventIds} event ids`)
  for (const rollup of store.rollups) {
    if (rollup.events !== store.requestIds.length || rollup.differences > 0)
      violations.push(
        `I2: ${rollup.table} counts ${rollup.events} of ${store.requestIds.length} rows, ${rollup.differences} buckets differ`,
      )
  }
  if (listed !== undefined && !sameIds(listed, store.requestIds))
    violations.push(
      `I2: the API lists ${listed.length} events, the raw table has ${store.requestIds.length} rows`,
    )
  if (invented.length > 0)
    violations.push(`I3: ${invented.length} stored events were never sent (${some(invented)})`)
  return {
    tally: { acknowledged: ledger.acknowledged.size, stored: stored.size, lost: lost.length, doubled },
    violations,
  }
}

function sameIds(a: readonly string[], b: readonly string[]): boolean {
  const sortedB = [...b].sort()
  return a.length === b.length && [...a].sort().every((id, index) => id === sortedB[index])
}

function repeated(ids: readonly string[]): string[] {
  const seen = new Set<string>()
  return ids.filter((id) => seen.size === seen.add(id).size)
}

function some(ids: readonly string[]): string {
  return ids.length <= 3 ? ids.join(', ') : `${ids.slice(0, 3).join(', ')} …`
}
