import type { EventOrigin } from '../event/event-origin.ts'
import type { SelectedEvent } from '../event/selected-event.ts'
import type { AttributeLookup } from './attribute-lookup.ts'
import { eventId } from './event-id.ts'

/** What `originOf` asks for. */
export const originAttributes = [
  'ops.request.id',
  'ops.client_request.id',
  'service.name',
  'service.namespace',
  'service.instance.id',
  'deployment.environment.name',
  'deployment.environment',
] as const

/** The columns that every row begins with. */
export function originOf(
  event: SelectedEvent,
  { text }: AttributeLookup<(typeof originAttributes)[number]>,
  createdAtMs: number,
  nowMs: number,
): EventOrigin {
  return {
    event_id: eventId(event),
    created_at: createdAtMs,
    ingested_at: nowMs,
    request_id: text('ops.request.id'),
    client_request_id: text('ops.client_request.id'),
    trace_id: event.traceId,
    span_id: event.spanId,
    service_name: text('service.name'),
    service_namespace: text('service.namespace'),
    service_instance_id: text('service.instance.id'),
    environment: text('deployment.environment.name', 'deployment.environment'),
  }
}
