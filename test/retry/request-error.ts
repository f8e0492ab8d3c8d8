import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { json } from '../support/json.ts'
import { post, span, traceExport } from '../support/otlp.ts'
import type { TestSidecar } from '../support/sidecar.ts'

export const requestBody = '{"model":"gpt-5","messages":[{"role":"user","content":"hello"}]}'

type Values = Record<string, string | number | boolean>

/** An export with the final error record of one gateway request. */
export function requestErrorExport(attributes: Values, resource: Values = {}): unknown {
  const event = {
    name: 'ops.request_error',
    timeMs: Date.now(),
    attributes: {
      'gen_ai.provider.name': 'openai',
      'http.response.status_code': 502,
      'ops.request.path': '/v1/chat/completions',
      'ops.account.id': '17',
      'ops.error.message': 'Upstream failed',
      'http.request.body.content': requestBody,
      ...attributes,
    },
  }
  return traceExport([span({ kind: 2, events: [event] })], resource)
}

/** Stores a failed request and returns its id. */
export async function storeRequestError(
  sidecar: Pick<TestSidecar, 'otlpUrl' | 'apiUrl'>,
  attributes: Values = {},
  resource: Values = {},
): Promise<string> {
  const requestId = randomUUID()
  const body = requestErrorExport({ 'ops.request.id': requestId, ...attributes }, resource)
  expect((await post(`${sidecar.otlpUrl}/v1/traces`, body)).status).toBe(200)
  return eventually(async () => {
    const { error } = await json<{ error: { id: string } }>(
      fetch(`${sidecar.apiUrl}/api/v1/requests/${requestId}`),
    )
    return error.id
  })
}
