import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { json } from '../support/json.ts'
import { post, span, traceExport } from '../support/otlp.ts'
import { startTestSidecar, type TestSidecar, temporaryDirectory } from '../support/sidecar.ts'

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

const traceId = '0af7651916cd43dd8448eb211c80319c'
const server = {
  ...(span({
    traceId,
    spanId: '00f067aa0ba902b7',
    kind: 2,
    attributes: { 'url.path': '/v1/chat/completions', 'http.response.status_code': 502 },
  }) as object),
  status: { code: 2, message: 'no upstream left' },
}
const attempt = (number: number) => ({
  ...(span({
    traceId,
    events: [
      {
        attributes: {
          'gen_ai.provider.name': 'anthropic',
          'gen_ai.request.model': 'claude-opus-4-6',
          'ops.request.id': 'req-derived',
          'ops.account.id': String(number),
          'http.request.resend_count': number,
          'http.response.status_code': 529,
          'http.response.body.content':
            '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
        },
      },
    ],
  }) as object),
  parentSpanId: '00f067aa0ba902b7',
})

describe('a gateway that emits no record of its failed requests', () => {
  it('has them all the same, marked as derived, once, with what the last attempt knows', async () => {
    const body = traceExport([attempt(0), attempt(1), server])
    for (let sent = 0; sent < 2; sent++)
      expect((await post(`${sidecar.otlpUrl}/v1/traces`, body)).status).toBe(200)
    const list = () =>
      json<{ errors: { id: string }[]; total: number }>(fetch(`${sidecar.apiUrl}/api/v1/errors`))
    await eventually(async () => expect((await list()).total).toBe(1))
    const [record] = (await list()).errors
    expect(record).toMatchObject({
      phase: 'upstream',
      type: 'upstream_error',
      severity: 'P1',
      status_code: 502,
      platform: 'anthropic',
      model: 'claude-opus-4-6',
      request_id: 'req-derived',
      account_id: '1',
      message: 'no upstream left',
      request_path: '/v1/chat/completions',
      latency_ms: 100,
    })
    const detail = await json<Record<string, unknown>>(fetch(`${sidecar.apiUrl}/api/v1/errors/${record?.id}`))
    expect(detail).toMatchObject({
      attributes: { 'ops.request.derived': 'server_span' },
      upstream_status_code: 529,
      upstream_error_message: 'Overloaded',
      upstream_error_events: [{ attempt: 0 }, { attempt: 1 }],
    })
    const story = await json<{ error: { id: string } | null }>(
      fetch(`${sidecar.apiUrl}/api/v1/requests/req-derived`),
    )
    expect(JSON.stringify(story)).toContain(record?.id)

    const metrics = await (await fetch(`${sidecar.apiUrl}/metrics`)).text()
    const count = (name: string) =>
      Number(new RegExp(`^${name}{signal="traces"} (\\d+)`, 'm').exec(metrics)?.[1] ?? 0)
    expect(count('ops_events_received_total')).toBe(6)
    expect([count('ops_events_stored_total'), count('ops_events_duplicate_total')]).toEqual([3, 3])
  })

  it('has its own record shown rather than a derived one when it emits one after all', async () => {
    const own = span({
      traceId,
      kind: 2,
      events: [
        {
          name: 'ops.request_error',
          timeMs: Date.now() - 5000,
          attributes: {
            'ops.request.id': 'req-derived',
            'http.response.status_code': 502,
            'ops.error.message': 'own',
          },
        },
      ],
    })
    await post(`${sidecar.otlpUrl}/v1/traces`, traceExport([own]))
    await eventually(async () => {
      const story = await json<unknown>(fetch(`${sidecar.apiUrl}/api/v1/requests/req-derived`))
      expect(JSON.stringify(story)).toContain('"message":"own"')
    })
  })
})
