import { createServer } from 'node:http'
import Anthropic from '@anthropic-ai/sdk'
import express from 'express'
import Fastify from 'fastify'
import OpenAI from 'openai'
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import {
  configureRecording,
  expressUpstreamErrors,
  fastifyUpstreamErrors,
  instrumentFetch,
  instrumentUndici,
  recordUpstreamError,
  setRequestFields,
  startTelemetry,
  type Telemetry,
} from '../../src/gateway/index.ts'
import { listen, serveAnswers } from '../gateway/loopback-server.ts'
import { eventually } from '../support/eventually.ts'
import { json } from '../support/json.ts'
import { startTestSidecar, type TestSidecar, temporaryDirectory } from '../support/sidecar.ts'
import { type FailingAccount, startFailingUpstreams } from './failing-upstreams.ts'

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let sidecar: TestSidecar
let telemetry: Telemetry

beforeAll(async () => {
  directory = await temporaryDirectory()
  sidecar = await startTestSidecar(directory.path)
  telemetry = startTelemetry({ serviceName: 'gateway', endpoint: sidecar.otlpUrl, scheduledDelayMs: 50 })
})
afterAll(async () => {
  await telemetry.shutdown()
  await sidecar.stop()
  await directory.remove()
})

/** How a gateway asks an upstream; rejects with what its client library throws. */
type Ask = (baseUrl: string, timeoutMs: number) => Promise<unknown>

const messages = [{ role: 'user' as const, content: 'hello' }]
const observedFetch = instrumentFetch(fetch, { platform: 'openai' })

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _chunk of stream);
}

/** Client libraries throw what went wrong; a gateway hands that in, whether it was seen on the wire or not. */
function handingIn(ask: Ask): Ask {
  return (baseUrl, timeoutMs) =>
    ask(baseUrl, timeoutMs).catch((error: unknown) => {
      recordUpstreamError(error)
      throw error
    })
}

const withFetch: Ask = async (baseUrl, timeoutMs) => {
  const signal = AbortSignal.timeout(timeoutMs)
  const answer = await observedFetch(baseUrl, { method: 'POST', body: '{}', signal })
  await answer.text()
  throw new Error('failed')
}
const withUndici: Ask = async (baseUrl, timeoutMs) => {
  const answer = await request(baseUrl, { method: 'POST', body: '{}', headersTimeout: timeoutMs })
  await answer.body.text()
  throw new Error('failed')
}
const openai = (baseURL: string, timeout: number, maxRetries = 0) =>
  new OpenAI({ apiKey: 'key', baseURL, maxRetries, timeout, fetch: observedFetch })
const withOpenAi: Ask = async (baseUrl, timeoutMs) =>
  drain(await openai(baseUrl, timeoutMs).chat.completions.create({ model: 'm', messages, stream: true }))
const withAnthropic: Ask = async (baseURL, timeout) => {
  const options = { apiKey: 'key', baseURL, maxRetries: 0, timeout, fetch: observedFetch }
  const client = new Anthropic(options)
  await drain(await client.messages.create({ model: 'm', messages, max_tokens: 16, stream: true }))
}

/** Every account in turn; none succeeds. */
async function serve(accounts: readonly Omit<FailingAccount, 'expected'>[], ask: Ask): Promise<void> {
  setRequestFields({ platform: 'openai', model: 'gpt-5.2', stream: true, userId: 7 })
  for (const { id, baseUrl, timeoutMs } of accounts) {
    setRequestFields({ accountId: id })
    await ask(baseUrl, timeoutMs).catch(() => undefined)
  }
}
type Serve = () => Promise<void>
const refusal = { error: { message: 'every account failed' } }

async function startFastify(serveRequest: Serve): Promise<string> {
  const app = Fastify()
  app.register(fastifyUpstreamErrors)
  app.post('/v1/chat/completions', async (_request, reply) => {
    await serveRequest()
    return reply.code(502).send(refusal)
  })
  onTestFinished(() => app.close())
  return app.listen({ port: 0, host: '127.0.0.1' })
}

async function startExpress(serveRequest: Serve): Promise<string> {
  const app = express()
  app.use(expressUpstreamErrors())
  app.post('/v1/chat/completions', async (_request, response) => {
    await serveRequest()
    response.status(502).json(refusal)
  })
  return listen(createServer(app))
}

interface Attempt {
  readonly request_id: string
  readonly created_at: string
  readonly attempt: number
  readonly account_id: string
}

/** Sends one request to the gateway; answers with the rows of its attempts, in order, and its story. */
async function askGateway(gatewayUrl: string, clientRequestId: string, attemptCount: number) {
  const answer = await fetch(`${gatewayUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'x-client-request-id': clientRequestId },
  })
  expect(answer.status).toBe(502)
  await answer.text()
  const list = `${sidecar.apiUrl}/api/v1/upstream-errors?client_request_id=${clientRequestId}`
  const attempts = await eventually(async () => {
    const { events } = await json<{ events: Attempt[] }>(fetch(list))
    expect(events.length).toBeGreaterThanOrEqual(attemptCount)
    return events.toSorted((a, b) => a.attempt - b.attempt)
  })
  const story = await eventually(async () => {
    const found = await json<{ error: unknown; outcome: string; timeline: { event: string }[] }>(
      fetch(`${sidecar.apiUrl}/api/v1/requests/${attempts[0]?.request_id}`),
    )
    expect(found.error).not.toBeNull()
    return found
  })
  return { attempts, story }
}

describe.each([
  ['Fastify', 'span', startFastify],
  ['Express', 'log', startExpress],
] as const)('a gateway on %s that emits %s events', (framework, emit, start) => {
  it.each([
    ['fetch', withFetch],
    ['undici', withUndici],
    ['openai', handingIn(withOpenAi)],
    ['anthropic', handingIn(withAnthropic)],
  ])('has a row in the sidecar for every way that an attempt with %s fails', async (client, ask) => {
    configureRecording({ emit })
    const accounts = await startFailingUpstreams()
    if (client === 'undici') {
      const upstreams = Object.fromEntries(accounts.map(({ baseUrl }) => [baseUrl, 'openai']))
      onTestFinished(instrumentUndici({ upstreams }))
    }
    const clientRequestId = `${framework}-${client}`
    const gatewayUrl = await start(() => serve(accounts, ask))
    const { attempts, story } = await askGateway(gatewayUrl, clientRequestId, accounts.length)

    expect(attempts).toMatchObject(
      accounts.map(({ id, expected }, index) => ({
        ...expected,
        attempt: index,
        account_id: String(id),
        user_id: '7',
        request_id: attempts[0]?.request_id,
        client_request_id: clientRequestId,
        platform: 'openai',
        model: 'gpt-5.2',
        request_path: '/v1/chat/completions',
      })),
    )
    const times = attempts.map(({ created_at }) => created_at)
    expect(times).toEqual(times.toSorted())

    expect(story).toMatchObject({
      outcome: 'failed',
      error: {
        request_id: attempts[0]?.request_id,
        client_request_id: clientRequestId,
        status_code: 502,
        phase: 'upstream',
        account_id: String(accounts.at(-1)?.id),
      },
    })
    const failed = story.timeline.filter(({ event }) => event === 'attempt_failed')
    expect(failed).toMatchObject(
      accounts.map(({ id, expected }) => ({
        account_id: String(id),
        status_code: expected.status_code,
      })),
    )
  })
})

describe('attempts that a client library makes by itself', () => {
  it('have a row each, in order, although the gateway sees only the last of them', async () => {
    const baseUrl = await serveAnswers(
      (response) => response.socket?.resetAndDestroy(),
      () => {},
      (response) => response.writeHead(500, { 'retry-after-ms': '1' }).end('{"error":{"message":"boom"}}'),
      (response) => response.writeHead(429, { 'retry-after': '7' }).end('{}'),
    )
    const ask = handingIn((url, timeoutMs) => openai(url, timeoutMs, 3).models.list())
    const gatewayUrl = await startFastify(() => serve([{ id: 7, baseUrl, timeoutMs: 2_000 }], ask))
    const { attempts } = await askGateway(gatewayUrl, 'library-retries', 4)
    expect(attempts).toMatchObject([
      { attempt: 0, status_code: 0, category: 'network', account_id: '7' },
      { attempt: 1, status_code: 0, category: 'timeout', account_id: '7' },
      { attempt: 2, status_code: 500, category: 'server_error', account_id: '7' },
      { attempt: 3, status_code: 429, category: 'rate_limited', retry_after_ms: 7_000, account_id: '7' },
    ])
  })
})
