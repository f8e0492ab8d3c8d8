import type { AttributeValue } from '../event/attribute.ts'
import type { SelectedEvent } from '../event/selected-event.ts'
import type { UpstreamErrorEvent } from '../event/upstream-error-event.ts'

/** What a failed attempt knows of its request, by the attributes of a request error. */
export type AttemptOfRequest = ReadonlyMap<string, AttributeValue>

export function attemptOf(event: UpstreamErrorEvent): AttemptOfRequest {
  const known: [string, string | number][] = [
    ['ops.request.id', event.request_id],
    ['ops.client_request.id', event.client_request_id],
    ['gen_ai.provider.name', event.platform],
    ['gen_ai.request.model', event.model],
    ['ops.account.id', event.account_id],
    ['ops.group.id', event.group_id],
    ['ops.api_key.id', event.api_key_id],
    ['user.id', event.user_id],
    ['client.address', event.client_ip],
    ['ops.error.upstream.status_code', event.status_code],
    ['ops.error.upstream.message', event.error_message],
  ]
  return new Map(known.filter(([, value]) => value !== ''))
}

/** A derived request error with what its span does not say from the last failed attempt of its trace. */
export function completeDerived(event: SelectedEvent, attempt: AttemptOfRequest | undefined): SelectedEvent {
  if (attempt === undefined) return event
  const attributes = new Map(event.attributes)
  for (const [name, value] of attempt) if (!event.span?.attributes.has(name)) attributes.set(name, value)
  return { ...event, attributes }
}
