import { hash } from 'node:crypto'
import { attributeMap, attributeString } from '../event/attribute.ts'
import type { SelectedEvent } from '../event/selected-event.ts'

/**
 * The identity of an event: the same event sent again has the same id. A UUID of version 8 (RFC 9562, section 5.8)
 * from a SHA-256 over trace id, span id, event name, time in ns and the ordinal among equals. A log record without
 * a trace is told apart from others by its own attributes and resource.
 */
export function eventId(event: SelectedEvent): string {
  let identity = `${event.traceId}\0${event.spanId}\0${event.name}\0${event.timeUnixNano}\0${event.ordinal}`
  if (event.traceId === '') {
    const resource = attributeString(attributeMap(event.resource))
    const attributes = attributeString(attributeMap(event.attributes))
    identity += `\0${resource}\0${attributes}\0${attributeString(event.body)}`
  }
  const hex = hash('sha256', identity, 'hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variantOf(hex)}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** The digit of the variant: two bits of the hash behind the bits 10. */
function variantOf(hex: string): string {
  return '89ab'.charAt(Number.parseInt(hex.charAt(16), 16) & 3)
}
