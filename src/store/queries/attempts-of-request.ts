import type { RunQuery } from '../query.ts'
import { type EventRow, lightColumns, readEvents, selectColumns } from './event-columns.ts'
import { idLookup } from './list-upstream-errors.ts'

/** A request with more failed attempts than this is cut; no gateway means to try so often. */
const maxAttempts = 1000

/** The failed attempts of a gateway request, in order. */
export function attemptsOfRequest(run: RunQuery, requestId: string): Promise<EventRow[]> {
  return readEvents(run, {
    sql: `SELECT ${selectColumns(lightColumns)} FROM ops_upstream_error_events
      PREWHERE request_id = {request_id:String} ORDER BY attempt, created_at, event_id LIMIT ${maxAttempts}`,
    params: { request_id: requestId },
    class: 'point',
    settings: idLookup,
  })
}
