import type { EventRow } from '../store/queries/event-columns.ts'
import { presentEvent } from './present-event.ts'

/** A final error record as JSON answers show it: `id` as the seed calls it, `null` for what is absent. */
export function presentRequestError(row: EventRow): Record<string, unknown> {
  const { event_id, ...columns } = row
  return { id: event_id, ...presentEvent(columns as EventRow) }
}
