import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { json } from '../support/json.ts'
import { startTestSidecar, type TestSidecar, temporaryDirectory } from '../support/sidecar.ts'

const emitter = fileURLToPath(new URL('./emitter.ts', import.meta.url))

/** Runs the emitter and returns the event that the API answers for it, list and detail together. */
async function emitAndRead(
  sidecar: TestSidecar,
  env: Record<string, string>,
): Promise<Record<string, unknown>> {
  const before = new Date().toISOString()
  await promisify(execFile)(process.execPath, [emitter], {
    env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: sidecar.otlpUrl, ...env },
  })
  return eventually(async () => {
    const url = `${sidecar.apiUrl}/api/v1/upstream-errors`
    const list = await json<{ events: { event_id: string }[] }>(fetch(`${url}?from=${before}`))
    expect(list.events).toHaveLength(1)
    const listed = list.events[0]
    const detail = await json(fetch(`${url}/${listed?.event_id}`))
    expect(detail).toMatchObject({ ...listed })
    return detail
  })
}

describe('an upstream error recorded by the SDK', () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>
  let sidecar: TestSidecar
  beforeAll(async () => {
    directory = await temporaryDirectory()
    sidecar = await startTestSidecar(directory.path)
  })
  afterAll(async () => {
    await sidecar.stop()
    await directory.remove()
  })

  const encodings = [
    ['http/json', 'none'],
    ['http/json', 'gzip'],
    ['http/protobuf', 'none'],
    ['http/protobuf', 'gzip'],
  ] as const

  it.each(encodings)('comes back from the API field by field (%s, %s)', async (protocol, compression) => {
    const startedMs = Date.now()
    const event = await emitAndRead(sidecar, {
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_COMPRESSION: compression,
    })
    const createdMs = Date.parse(event.created_at as string)
    expect(createdMs).toBeGreaterThanOrEqual(startedMs)
    expect(createdMs).toBeLessThanOrEqual(Date.now())
    const { attributes, ...columns } = event
    expect(columns).toEqual({
      event_id: expect.stringMatching(
        /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      ),
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      ingested_at: expect.stringMatching(/Z$/),
      request_id: null,
      client_request_id: null,
      trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      span_id: expect.stringMatching(/^[0-9a-f]{16}$/),
      service_name: 'emitter',
      service_namespace: 'flow',
      service_instance_id: 'emitter-1',
      environment: 'test',
      platform: 'openai',
      model: 'gpt-5',
      upstream_model: 'gpt-5-2026-08-07',
      operation: 'chat',
      stream: true,
      kind: 'http_error',
      category: 'rate_limited',
      status_code: 429,
      error_type: 'tokens',
      error_code: 'rate_limit_exceeded',
      error_message: 'Rate limit reached for gpt-5 on tokens per min. Please try again in 1.5s.',
      fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      retryable: true,
      retry_after_ms: 20_000,
      upstream_request_id: 'req_upstream_1',
      upstream_host: 'api.openai.com',
      upstream_path: '/v1/chat/completions',
      attempt: 2,
      account_id: '17',
      account_name: 'main',
      group_id: null,
      user_id: null,
      api_key_id: null,
      client_ip: null,
      request_path: null,
      user_agent: null,
      latency_ms: 321,
      time_to_first_token_ms: 45,
      request_headers: null,
      response_headers: expect.objectContaining({ 'x-request-id': 'req_upstream_1', 'retry-after': '20' }),
      request_body: null,
      request_body_bytes: 0,
      response_body:
        '{"error":{"message":"Rate limit reached for gpt-5 on tokens per min. Please try again in 1.5s.","type":"tokens","param":null,"code":"rate_limit_exceeded"}}',
      response_body_bytes: 155,
    })
    expect(attributes).toMatchObject({ 'http.request.method': 'POST' })
    expect(JSON.stringify(event)).not.toContain('session=abc')
    expect(JSON.stringify(event)).not.toContain('hidden')
  })
})
