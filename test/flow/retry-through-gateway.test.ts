import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createGateway } from '../../examples/gateway/gateway.ts'
import { type FakeUpstreams, startFakeUpstreams } from '../../examples/upstreams/start-fake-upstreams.ts'
import { createToken } from '../../src/access/token.ts'
import { startTelemetry, type Telemetry } from '../../src/gateway/index.ts'
import { eventually } from '../support/eventually.ts'
import { json } from '../support/json.ts'
import { post } from '../support/otlp.ts'
import { freePort, startTestSidecar, type TestSidecar, temporaryDirectory } from '../support/sidecar.ts'

/** Two accounts each time: the request fails on both, its first retry too, its second is saved by the other one. */
const script = {
  openai: ['server_error', 'unavailable', 'server_error', 'unavailable', 'rate_limited', 'success'],
} as const

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let sidecar: TestSidecar
let upstreams: FakeUpstreams
let telemetry: Telemetry
let gateway: FastifyInstance
let gatewayUrl: string

const ingest = createToken('gateway', ['ingest'])
const reader = createToken('dashboard', ['read'])
const operator = createToken('oncall', ['read', 'retry'])
const as = ({ token }: { token: string }) => ({ authorization: `Bearer ${token}` })

beforeAll(async () => {
  directory = await temporaryDirectory()
  const tokensFile = join(directory.path, 'tokens.json')
  const tokens = [ingest, reader, operator].map(({ entry }) => entry)
  writeFileSync(tokensFile, JSON.stringify({ tokens }))
  const gatewayPort = await freePort()
  gatewayUrl = `http://127.0.0.1:${gatewayPort}`
  sidecar = await startTestSidecar(directory.path, {
    tokensFile,
    retryGatewayUrl: gatewayUrl,
    retryPaths: ['/openai'],
  })
  upstreams = await startFakeUpstreams({ script })
  telemetry = startTelemetry({
    serviceName: 'example-gateway',
    endpoint: sidecar.otlpUrl,
    headers: as(ingest),
    scheduledDelayMs: 50,
    recording: { requestBodies: true },
  })
  gateway = createGateway({ upstreamBaseUrl: upstreams.url('openai').replace('/openai', '') })
  await gateway.listen({ host: '127.0.0.1', port: gatewayPort })
})
afterAll(async () => {
  await gateway.close()
  await telemetry.shutdown()
  await upstreams.close()
  await sidecar.stop()
  await directory.remove()
})

type Row = Record<string, unknown>
const get = <Body = Row>(path: string) =>
  json<Body>(fetch(`${sidecar.apiUrl}${path}`, { headers: as(operator) }))
const retry = (id: string, token: { token: string }) =>
  post(`${sidecar.apiUrl}/api/v1/errors/${id}/retry`, { mode: 'client', force: true }, as(token))

it('a failed request is retried through the gateway, and its story is linked to those of its retries', async () => {
  const asked = await post(`${gatewayUrl}/openai`, { model: 'gpt-5' }, { 'x-client-request-id': 'first' })
  expect(asked.status).toBeGreaterThanOrEqual(500)
  const error = await eventually(async () => {
    const { errors } = await get<{ errors: Row[] }>('/api/v1/errors')
    expect(errors).toMatchObject([{ client_request_id: 'first', platform: 'openai' }])
    return errors[0] as Row
  })
  const id = String(error.id)
  expect((await retry(id, reader)).status).toBe(403)
  expect((await retry(id, ingest)).status).toBe(403)

  expect(await json(retry(id, operator))).toMatchObject({ status: 'failed', http_status_code: asked.status })
  const failed = await eventually(async () => {
    const attempts = await get<Row[]>(`/api/v1/errors/${id}/retries`)
    expect(attempts).toMatchObject([
      { requested_by_user_id: 'oncall', status: 'failed', result_error_id: expect.any(String) },
    ])
    return attempts[0] as Row
  })
  const again = await get<Row>(`/api/v1/errors/${failed.result_error_id}`)
  expect(again).toMatchObject({
    request_id: failed.result_request_id,
    client_request_id: `ops-retry-${failed.id}`,
    request_body: JSON.stringify({ model: 'gpt-5' }),
  })
  const story = await get<{ timeline: Row[] }>(`/api/v1/requests/${failed.result_request_id}`)
  expect(story.timeline.map(({ event, account_id }) => [event, account_id])).toEqual([
    ['attempt_failed', '101'],
    ['failover', '102'],
    ['attempt_failed', '102'],
    ['request_failed', '102'],
  ])

  expect(await json(retry(id, operator))).toMatchObject({ status: 'succeeded', http_status_code: 200 })
  const saved = await eventually(async () => {
    const [newest] = await get<Row[]>(`/api/v1/errors/${id}/retries`)
    expect(newest).toMatchObject({ status: 'succeeded', result_request_id: expect.any(String) })
    return newest as Row
  })
  expect(saved).toMatchObject({ result_error_id: null })
  expect(await get(`/api/v1/requests/${saved.result_request_id}`)).toMatchObject({
    outcome: 'recovered',
    timeline: [{ event: 'attempt_failed', status_code: 429, account_id: '101' }],
  })
})
