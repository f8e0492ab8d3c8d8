import { createAppendRow, type RecordColumn } from './append-row.ts'
import type { StoreClients } from './client.ts'
import { syncReplicas } from './cluster.ts'
import { columnsFirst } from './queries/event-columns.ts'
import type { RunQuery } from './query.ts'

export const retryModes = ['client', 'upstream'] as const
export const retryStatuses = ['queued', 'running', 'succeeded', 'failed'] as const

/**
 * One retry of a failed request, with the seed's names. Times are Unix ms, 0 = not yet; texts are '' and the HTTP
 * status 0 for nothing.
 */
export interface RetryAttempt {
  readonly id: string
  readonly created_at: number
  /** The name of the token; '' where the API has no tokens. */
  readonly requested_by_user_id: string
  readonly source_error_id: string
  readonly mode: (typeof retryModes)[number]
  readonly pinned_account_id: string
  readonly idempotency_key: string
  /** The data directory of the sidecar that runs it. */
  readonly owner: string
  /** It has ended by then, whatever became of the sidecar that runs it. */
  readonly deadline_at: number
  readonly status: (typeof retryStatuses)[number]
  /** Set from the moment that the request may have been sent. */
  readonly started_at: number
  readonly finished_at: number
  readonly used_account_id: string
  readonly http_status_code: number
  readonly upstream_request_id: string
  readonly response_preview: string
  readonly response_truncated: boolean
  readonly error_message: string
}

/**
 * The row of an attempt with the highest version holds. That it was given up comes before its real end, which a
 * sidecar believed dead may still write.
 */
export const attemptVersions = { queued: 1, running: 2, givenUp: 3, ended: 4 } as const

type AttemptRow = RetryAttempt & { readonly version: number }

/** In the order of the table. */
export const retryAttemptColumns: readonly RecordColumn<AttemptRow>[] = [
  { name: 'id', type: 'UUID' },
  { name: 'version', type: 'UInt8' },
  { name: 'created_at', type: 'time' },
  { name: 'requested_by_user_id', type: 'String' },
  { name: 'source_error_id', type: 'UUID' },
  { name: 'mode', type: 'String' },
  { name: 'pinned_account_id', type: 'String' },
  { name: 'idempotency_key', type: 'String' },
  { name: 'owner', type: 'String' },
  { name: 'deadline_at', type: 'time' },
  { name: 'status', type: 'String' },
  { name: 'started_at', type: 'time' },
  { name: 'finished_at', type: 'time' },
  { name: 'used_account_id', type: 'String' },
  { name: 'http_status_code', type: 'UInt16' },
  { name: 'upstream_request_id', type: 'String' },
  { name: 'response_preview', type: 'String' },
  { name: 'response_truncated', type: 'Bool' },
  { name: 'error_message', type: 'String' },
]

export interface RetryAttempts {
  /** Stores a state of an attempt; resolves when it is durable and every node can read it. */
  put(attempt: RetryAttempt, version: number): Promise<void>
  /** What a new attempt has to be held against: those since a moment, of the same error, or with the same key. */
  related(errorId: string, sinceMs: number, idempotencyKey: string): Promise<RetryAttempt[]>
  /** Those that are not known to have ended. */
  unfinished(): Promise<RetryAttempt[]>
}

export function createRetryAttempts(clients: StoreClients, run: RunQuery): RetryAttempts {
  const append = createAppendRow<AttemptRow>(clients, 'ops_retry_attempts', retryAttemptColumns)
  return {
    async put(attempt, version) {
      await append({ ...attempt, version })
      await syncReplicas(clients.writer, clients.cluster, ['ops_retry_attempts'])
    },
    related: (errorId, sinceMs, idempotencyKey) =>
      findAttempts(
        run,
        `source_error_id = {error_id:UUID} OR created_at >= fromUnixTimestamp64Milli({since_ms:Int64})
          OR ({key:String} != '' AND idempotency_key = {key:String})`,
        { error_id: errorId, since_ms: sinceMs, key: idempotencyKey },
      ),
    unfinished: () => findAttempts(run, `status IN ('queued', 'running')`, {}),
  }
}

/** The attempts to retry an error, newest first. */
export function retriesOfError(run: RunQuery, errorId: string): Promise<RetryAttempt[]> {
  return findAttempts(run, 'source_error_id = {error_id:UUID}', { error_id: errorId })
}

const selectList = retryAttemptColumns
  .filter(({ name }) => name !== 'version')
  .map(({ name, type }) => (type === 'time' ? `toUnixTimestamp64Milli(${name}) AS ${name}` : name))
  .join(', ')

async function findAttempts(
  run: RunQuery,
  condition: string,
  params: Readonly<Record<string, unknown>>,
): Promise<RetryAttempt[]> {
  const { rows } = await run<RetryAttempt>({
    sql: `SELECT ${selectList} FROM ops_retry_attempts FINAL WHERE ${condition} ORDER BY created_at DESC, id DESC`,
    params,
    class: 'point',
    settings: columnsFirst,
  })
  return [...rows]
}
