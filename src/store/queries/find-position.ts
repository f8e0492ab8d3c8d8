import type { ListPosition } from '../cursor.ts'
import type { RunQuery } from '../query.ts'
import { eventIdLookup } from './list-upstream-errors.ts'

/** Where an event stands in a list, or undefined when there is none of this id. */
export async function findPosition(run: RunQuery, eventId: string): Promise<ListPosition | undefined> {
  const { rows } = await run<{ created_ms: number; attempt: number }>({
    sql: `SELECT toUnixTimestamp64Milli(created_at) AS created_ms, attempt FROM ops_upstream_error_events
      PREWHERE event_id = {event_id:UUID} LIMIT 1`,
    params: { event_id: eventId },
    class: 'point',
    settings: eventIdLookup,
  })
  const [row] = rows
  return row && { createdAtMs: row.created_ms, eventId, attempt: row.attempt }
}
