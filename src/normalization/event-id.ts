import { hash } from 'node:crypto'
import { attributeMap, attributeString } from '../event/attribute.ts'
import type { SelectedEvent } from '../event/selected-event.ts'

/**
 * The identity of an event: the same event sent again has the same id. A UUID of version 8 (RFC 9562, section 5.8)
 * from a SHA-256 over trace id, span id, event name, time in ns and the ordinal among equals. A log record without
 * a trace is told apart from others by its own attributes and resource.
 */
export function eventId(event: SelectedEvent): string {
  const identity = [event.traceId, event.spanId, event.name, event.timeUnixNano, event.ordinal]
  if (event.traceId === '')
    identity.push(
      attributeString(attributeMap(event.resource)),
      attributeString(attributeMap(event.attributes)),
      attributeString(event.body),
    )
  const hex = hash('sha256', identity.join('\0'), 'hex')
  const variant = ((Number.parseInt(hex[16] ?? '0', 16) & 0x3) | 0x8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
