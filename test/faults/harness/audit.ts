import type { EventTally } from './event-tally.ts'
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
  /** What the API gave, by the way that it was asked; undefined where it could not be asked. */
  readonly read: Readonly<Record<string, EventTally>> | undefined
  /** Events that the sidecar itself reported as lost. */
  readonly reportedLost: number
}

/** Compares what was sent and acknowledged with what is stored: I1, I2, I3 and I6 of the fault matrix. */
export function auditStore({ ledger, store, read, reportedLost }: AuditInput): Audit {
  const violations: string[] = []
  const { stored } = store
  const lost = ledger.acknowledged.missingFrom(stored)
  const invented = stored.missingFrom(ledger.sent)
  const doubled = stored.rows - stored.distinct
  if (lost.count !== reportedLost)
    violations.push(
      `I1/I6: ${lost.count} acknowledged events are not stored (${some(lost)}), ${reportedLost} reported`,
    )
  if (doubled > 0)
    violations.push(`I2: ${doubled} rows too many in the raw table (${stored.repeated.join(', ')} …)`)
  if (store.distinctEventIds !== stored.distinct)
    violations.push(`I2: ${stored.distinct} requests, ${store.distinctEventIds} event ids`)
  for (const rollup of store.rollups) {
    if (rollup.events !== stored.rows || rollup.differences > 0)
      violations.push(
        `I2: ${rollup.name} counts ${rollup.events} of ${stored.rows} rows, ${rollup.differences} buckets differ`,
      )
  }
  for (const [way, given] of Object.entries(read ?? {})) {
    if (
      given.rows !== stored.rows ||
      given.distinct !== stored.distinct ||
      stored.missingFrom(given).count > 0
    )
      violations.push(
        `I2: the API's ${way} gives ${given.rows} rows of ${given.distinct} events, the raw table has ${stored.rows} rows of ${stored.distinct} events`,
      )
  }
  if (invented.count > 0)
    violations.push(`I3: ${invented.count} stored events were never sent (${some(invented)})`)
  return {
    tally: { acknowledged: ledger.acknowledged.distinct, stored: stored.distinct, lost: lost.count, doubled },
    violations,
  }
}

function some(missing: { readonly count: number; readonly some: readonly string[] }): string {
  return missing.some.join(', ') + (missing.count > missing.some.length ? ' …' : '')
}
