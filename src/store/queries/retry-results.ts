import type { RunQuery } from '../query.ts'

/** The gateway's own records of the request that a retry sent. */
export interface RetryRecords {
  readonly requestId: string
  /** '' = the request left no error record. */
  readonly errorId: string
  readonly accountId: string
}

/** The id that a retry carries as its client's id of the request. */
export function clientRequestIdOf(attemptId: string): string {
  return `ops-retry-${attemptId}`
}

/** The trace that a retry opens. */
export function traceIdOf(attemptId: string): string {
  return attemptId.replaceAll('-', '')
}

interface RecordRow {
  readonly client_request_id: string
  readonly trace_id: string
  readonly request_id: string
  readonly error_id: string
  readonly account_id: string
}

/**
 * The records that gateways made of the requests of these attempts, by attempt. They are found by the client's request
 * id or by the trace, whichever the gateway keeps, and come some time after the attempt.
 */
export async function recordsOfRetries(
  run: RunQuery,
  attemptIds: readonly string[],
): Promise<ReadonlyMap<string, RetryRecords>> {
  if (attemptIds.length === 0) return new Map()
  const ofRetries = 'client_request_id IN {client_ids:Array(String)} OR trace_id IN {trace_ids:Array(String)}'
  const { rows } = await run<RecordRow>({
    sql: `SELECT client_request_id, trace_id, request_id, toString(event_id) AS error_id, account_id
      FROM ops_error_logs WHERE ${ofRetries}
      UNION ALL SELECT client_request_id, trace_id, any(request_id), '', '' FROM ops_upstream_error_events
      WHERE ${ofRetries} GROUP BY client_request_id, trace_id`,
    params: { client_ids: attemptIds.map(clientRequestIdOf), trace_ids: attemptIds.map(traceIdOf) },
    class: 'point',
  })
  const found = new Map<string, RetryRecords>()
  for (const id of attemptIds) {
    const ofAttempt = rows.filter(
      (row) => row.client_request_id === clientRequestIdOf(id) || row.trace_id === traceIdOf(id),
    )
    const row = ofAttempt.find(({ error_id }) => error_id !== '') ?? ofAttempt[0]
    if (row !== undefined)
      found.set(id, { requestId: row.request_id, errorId: row.error_id, accountId: row.account_id })
  }
  return found
}
