import type { Delivery } from '../delivery/deliver.ts'
import type { Journal, JournalStats } from '../journal/journal.ts'
import { lagSeconds } from '../journal/journal-metrics.ts'
import type { RunQuery } from '../store/query.ts'

/** The lines of `/readyz`. `reason` says what is wrong, null while all is well. */
export type Readiness = Readonly<Record<string, { ok: boolean; reason: string | null }>>

const storeTimeoutMs = 2000

/** Makes the check of what the sidecar needs: a journal to write to, a store that answers, a delivery that moves. */
export function createReadiness(
  runQuery: RunQuery,
  journal: Pick<Journal, 'stats'>,
  delivery: Pick<Delivery, 'status'>,
): () => Promise<Readiness> {
  return async () => {
    const stats = journal.stats()
    const { failure } = delivery.status()
    return {
      journal: check(journalFailure(stats)),
      store: check(await storeFailure(runQuery)),
      delivery: check(failure ?? laggingReason(lagSeconds(stats))),
    }
  }
}

const refusals = {
  full: 'the journal is full: exports are refused',
  disk_reserve: 'the disk is nearly full: exports are refused',
  failed: 'the journal cannot be written: exports are refused',
}

function journalFailure({ refusing, writable }: JournalStats): string | undefined {
  if (refusing !== undefined) return refusals[refusing]
  return writable ? undefined : 'the journal has no segment that it can write to'
}

function check(reason: string | undefined): { ok: boolean; reason: string | null } {
  return { ok: reason === undefined, reason: reason ?? null }
}

/** Rows are stored within seconds; a minute means that the store does not keep up. */
const maxLagSeconds = 60

function laggingReason(seconds: number): string | undefined {
  return seconds > maxLagSeconds
    ? `the oldest row waits for ${Math.round(seconds)} s to be stored`
    : undefined
}

async function storeFailure(runQuery: RunQuery): Promise<string | undefined> {
  try {
    await runQuery({ sql: 'SELECT 1', params: {}, class: 'point' }, AbortSignal.timeout(storeTimeoutMs))
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
