import type { UpstreamErrorEvent } from '../event/upstream-error-event.ts'
import type { Redactor } from './create-redactor.ts'
import { createRowRedaction, originTreatments, type RedactionLimits } from './redact-row.ts'

/**
 * Makes the hop that takes the secrets out of an event and brings its texts within limits, in this order. An event
 * without secrets and within the limits is returned as it is.
 */
export function createEventRedaction(
  redactor: Redactor,
  limits: RedactionLimits,
): (event: UpstreamErrorEvent) => UpstreamErrorEvent {
  return createRowRedaction<UpstreamErrorEvent, 'request_body' | 'response_body'>(redactor, limits, {
    treatments: {
      ...originTreatments,
      platform: 'identifier',
      model: 'identifier',
      upstream_model: 'identifier',
      operation: 'identifier',
      kind: 'closed',
      category: 'closed',
      error_type: 'identifier',
      error_code: 'identifier',
      error_message: 'text',
      upstream_request_id: 'identifier',
      upstream_host: 'url',
      upstream_path: 'url',
      account_id: 'identifier',
      account_name: 'identifier',
      group_id: 'identifier',
      user_id: 'identifier',
      api_key_id: 'identifier',
      client_ip: 'identifier',
      request_path: 'url',
      user_agent: 'text',
      request_headers: 'headers',
      response_headers: 'headers',
    },
    bodies: [
      ['request_body', 'request_body_bytes'],
      ['response_body', 'response_body_bytes'],
    ],
  })
}
