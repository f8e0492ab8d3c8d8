import { type AttributeValue, attributeOf } from '../event/attribute.ts'
import type { SelectedEvent } from '../event/selected-event.ts'
import type { UpstreamErrorEvent } from '../event/upstream-error-event.ts'

/** What a failed attempt knows of its request. */
export type AttemptOfRequest = Pick<UpstreamErrorEvent, (typeof known)[number][1]>

/** The attributes of a request error, and the columns of an attempt that tell them. */
const known = [
  ['ops.request.id', 'request_id'],
  ['ops.client_request.id', 'client_request_id'],
  ['gen_ai.provider.name', 'platform'],
  ['gen_ai.request.model', 'model'],
  ['ops.account.id', 'account_id'],
  ['ops.group.id', 'group_id'],
  ['ops.api_key.id', 'api_key_id'],
  ['user.id', 'user_id'],
  ['client.address', 'client_ip'],
  ['ops.error.upstream.status_code', 'status_code'],
  ['ops.error.upstream.message', 'error_message'],
] as const

/** A derived request error with what its span does not say from the last failed attempt of its trace. */
export function completeDerived(event: SelectedEvent, attempt: AttemptOfRequest | undefined): SelectedEvent {
  if (attempt === undefined) return event
  const keys = [...event.attributes.keys]
  const values: AttributeValue[] = [...event.attributes.values]
  for (const [name, column] of known) {
    const isSaid = event.span !== undefined && attributeOf(event.span.attributes, name) !== undefined
    if (isSaid || attempt[column] === '') continue
    keys.push(name)
    values.push(attempt[column])
  }
  return { ...event, attributes: { keys, values } }
}
