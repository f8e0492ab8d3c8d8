import type { RequestErrorEvent } from '../event/request-error-event.ts'
import type { Redactor } from './create-redactor.ts'
import { createRowRedaction, originTreatments, type RedactionLimits } from './redact-row.ts'

/** Makes the hop that takes the secrets out of a request's final error record. */
export function createRequestErrorRedaction(
  redactor: Redactor,
  limits: RedactionLimits,
): (event: RequestErrorEvent) => RequestErrorEvent {
  return createRowRedaction<RequestErrorEvent, 'request_body' | 'error_body'>(redactor, limits, {
    treatments: {
      ...originTreatments,
      phase: 'identifier',
      type: 'identifier',
      severity: 'identifier',
      platform: 'identifier',
      model: 'identifier',
      user_id: 'identifier',
      api_key_id: 'identifier',
      account_id: 'identifier',
      group_id: 'identifier',
      client_ip: 'identifier',
      request_path: 'url',
      user_agent: 'text',
      message: 'text',
      upstream_error_message: 'text',
      upstream_error_detail: 'text',
      request_headers: 'headers',
    },
    bodies: [
      ['request_body', 'request_body_bytes'],
      ['error_body', 'error_body_bytes'],
    ],
  })
}
