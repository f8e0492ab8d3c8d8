import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createGateway } from '../../examples/gateway/gateway.ts'
import { type FakeUpstreams, startFakeUpstreams } from '../../examples/upstreams/start-fake-upstreams.ts'
import { startTelemetry, type Telemetry } from '../../src/gateway/index.ts'
import { eventually } from '../support/eventually.ts'
import { json } from '../support/json.ts'
import { startTestSidecar, type TestSidecar, temporaryDirectory } from '../support/sidecar.ts'

/** Answers of the fake providers, in order: two accounts each, tried one after the other. */
const script = {
  openai: ['rate_limited', 'success', 'server_error', 'unavailable'],
  anthropic: ['overloaded', 'overloaded'],
} as const

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let sidecar: TestSidecar
let upstreams: FakeUpstreams
let telemetry: Telemetry
let gateway: FastifyInstance

beforeAll(async () => {
  directory = await temporaryDirectory()
  sidecar = await startTestSidecar(directory.path)
  upstreams = await startFakeUpstreams({ script })
  telemetry = startTelemetry({
    serviceName: 'example-gateway',
    endpoint: sidecar.otlpUrl,
    scheduledDelayMs: 50,
  })
  gateway = createGateway({ upstreamBaseUrl: upstreams.url('openai').replace('/openai', '') })
})
afterAll(async () => {
  await gateway.close()
  await telemetry.shutdown()
  await upstreams.close()
  await sidecar.stop()
  await directory.remove()
})

function ask(platform: string, clientRequestId: string) {
  return gateway.inject({
    method: 'POST',
    url: `/${platform}`,
    headers: { authorization: 'Bearer demo-client-key', 'x-client-request-id': clientRequestId },
    payload: { model: 'some-model' },
  })
}

interface Attempt {
  readonly request_id: string
  readonly attempt: number
  readonly account_id: string
  readonly status_code: number
  readonly category: string
}

/** The rows of a client's request in the order of its attempts. */
async function attemptsOf(clientRequestId: string, count: number): Promise<Attempt[]> {
  return eventually(async () => {
    const url = `${sidecar.apiUrl}/api/v1/upstream-errors?client_request_id=${clientRequestId}`
    const { events } = await json<{ events: Attempt[] }>(fetch(url))
    expect(events).toHaveLength(count)
    return events.toSorted((a, b) => a.attempt - b.attempt)
  })
}

describe('a gateway with failover between accounts', () => {
  it('leaves one row for the attempt that another account made good', async () => {
    expect((await ask('openai', 'saved')).statusCode).toBe(200)
    expect(await attemptsOf('saved', 1)).toMatchObject([
      {
        attempt: 0,
        account_id: '101',
        status_code: 429,
        category: 'rate_limited',
        api_key_id: '31',
        user_id: '7',
        model: 'some-model',
      },
    ])
  })

  it('leaves a row for every attempt, in order, each with its account, joined by the request id', async () => {
    expect((await ask('openai', 'lost')).statusCode).toBeGreaterThanOrEqual(500)
    const attempts = await attemptsOf('lost', 2)
    expect(attempts).toMatchObject([
      { attempt: 0, account_id: '101', status_code: 500, category: 'server_error' },
      { attempt: 1, account_id: '102', status_code: 503, category: 'overloaded' },
    ])
    expect(new Set(attempts.map(({ request_id }) => request_id)).size).toBe(1)
  })

  it('stores 529 of Anthropic as overloaded for both accounts', async () => {
    expect((await ask('anthropic', 'overloaded')).statusCode).toBe(529)
    expect(await attemptsOf('overloaded', 2)).toMatchObject([
      { account_id: '201', status_code: 529, category: 'overloaded' },
      { account_id: '202', status_code: 529, category: 'overloaded' },
    ])
  })

  it('joins the attempts to one final record of the request, in the list, the detail and the story', async () => {
    const [attempt] = await attemptsOf('lost', 2)
    const story = await eventually(async () => {
      const found = await json(fetch(`${sidecar.apiUrl}/api/v1/requests/${attempt?.request_id}`))
      expect(found).toMatchObject({ outcome: 'failed' })
      return found
    })
    expect(story).toMatchObject({
      error: {
        phase: 'upstream',
        platform: 'openai',
        client_request_id: 'lost',
        severity: 'P1',
        account_id: '102',
      },
      timeline: [
        { event: 'attempt_failed', status_code: 500, account_id: '101' },
        { event: 'failover', account_id: '102' },
        { event: 'attempt_failed', status_code: 503, account_id: '102' },
        { event: 'request_failed' },
      ],
    })
    const list = await json<{ errors: { id: string }[]; total: number }>(
      fetch(`${sidecar.apiUrl}/api/v1/errors?platform=openai&phase=upstream`),
    )
    expect(list).toMatchObject({
      total: 1,
      page: 1,
      page_size: 20,
      next_cursor: null,
      errors: [{ client_request_id: 'lost' }],
    })
    const detail = await json<{ upstream_errors: string; upstream_error_events: Attempt[] }>(
      fetch(`${sidecar.apiUrl}/api/v1/errors/${list.errors[0]?.id}`),
    )
    expect(detail.upstream_error_events.map((event) => event.status_code)).toEqual([500, 503])
    expect(JSON.parse(detail.upstream_errors)).toEqual(detail.upstream_error_events)
  })

  it('tells the story of a request that was saved', async () => {
    const [attempt] = await attemptsOf('saved', 1)
    expect(await json(fetch(`${sidecar.apiUrl}/api/v1/requests/${attempt?.request_id}`))).toMatchObject({
      outcome: 'recovered',
      error: null,
      timeline: [{ event: 'attempt_failed', status_code: 429 }],
    })
    expect((await fetch(`${sidecar.apiUrl}/api/v1/requests/nobody`)).status).toBe(404)
  })
})
