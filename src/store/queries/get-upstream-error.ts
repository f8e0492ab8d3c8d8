import type { RunQuery } from '../query.ts'
import { detailSelect, type EventRow } from './event-columns.ts'

/** One event with its headers, bodies and attributes, or undefined when there is none of this id. */
export async function getUpstreamError(
  run: RunQuery,
  eventId: string,
  signal?: AbortSignal,
): Promise<EventRow | undefined> {
  const { rows } = await run<EventRow>(
    {
      sql: `SELECT ${detailSelect} FROM ops_upstream_error_events WHERE event_id = {event_id:UUID} LIMIT 1`,
      params: { event_id: eventId },
    },
    signal,
  )
  return rows[0]
}
