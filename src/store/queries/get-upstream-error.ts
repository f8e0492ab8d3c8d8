import type { RunQuery } from '../query.ts'
import { type EventRow, eventColumns, readEvents, selectColumns } from './event-columns.ts'
import { eventIdLookup } from './list-upstream-errors.ts'

/** One event with its headers, bodies and attributes, or undefined when there is none of this id. */
export async function getUpstreamError(run: RunQuery, eventId: string): Promise<EventRow | undefined> {
  const [event] = await readEvents(run, {
    sql: `SELECT ${selectColumns(eventColumns)} FROM ops_upstream_error_events
      PREWHERE event_id = {event_id:UUID} LIMIT 1`,
    params: { event_id: eventId },
    class: 'point',
    settings: eventIdLookup,
  })
  return event
}
