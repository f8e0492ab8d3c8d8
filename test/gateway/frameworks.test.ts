import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import express from 'express'
import Fastify from 'fastify'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  addStageLatency,
  currentUpstreamContext,
  expressUpstreamErrors,
  failRequest,
  fastifyUpstreamErrors,
  instrumentFetch,
  recordRateLimited,
  serveRequest,
  setRequestFields,
  timeStage,
} from '../../src/gateway/index.ts'
import { captureTelemetry } from './capture-telemetry.ts'
import {
  answer,
  anthropicOverload,
  breakOff,
  listen,
  openAiRateLimit,
  serveAnswers,
} from './loopback-server.ts'

const upstreamFetch = instrumentFetch(fetch)

/** What every framework's handler does: two accounts in turn, until one answers. */
async function serveWithFailover(upstreamUrl: string): Promise<number> {
  setRequestFields({ platform: 'openai', model: 'gpt-5.2' })
  await timeStage('auth', () => setRequestFields({ userId: 7 }))
  addStageLatency('routing', 3.4)
  let status = 0
  for (const accountId of [101, 102]) {
    setRequestFields({ accountId })
    const response = await upstreamFetch(upstreamUrl)
    await response.text()
    status = response.status
    if (status === 200) break
  }
  if (status !== 200) failRequest({ body: { error: 'all accounts failed' } })
  return status
}

async function fastifyGateway(upstreamUrl: string): Promise<string> {
  const app = Fastify()
  app.register(fastifyUpstreamErrors, { fields: () => ({ groupId: 9 }) })
  app.post('/v1/chat', async (_request, reply) => {
    const status = await serveWithFailover(upstreamUrl)
    return reply.code(status).send({ status })
  })
  app.get('/limited', async (_request, reply) => {
    recordRateLimited({ subject: 'user', message: 'plan limit of 10 requests a minute' })
    return reply.code(429).send({})
  })
  app.get('/rested', async () => {
    setRequestFields({ platform: 'anthropic', accountId: 201 })
    recordRateLimited({ subject: 'account', retryAfterMs: 1_500 })
    return { requestId: currentUpstreamContext()?.requestId }
  })
  app.get('/stream', async (_request, reply) => {
    const response = await upstreamFetch(upstreamUrl)
    return reply.header('content-type', 'text/event-stream').send(response.body)
  })
  onTestFinished(() => app.close())
  return app.listen({ port: 0, host: '127.0.0.1' })
}

async function expressGateway(upstreamUrl: string): Promise<string> {
  const app = express()
  app.use(expressUpstreamErrors({ fields: () => ({ groupId: 9 }) }))
  app.use(express.json())
  app.post('/v1/chat', async (_request, response) => {
    const status = await serveWithFailover(upstreamUrl)
    response.status(status).json({ status })
  })
  return listen(createServer(app))
}

async function nodeGateway(upstreamUrl: string): Promise<string> {
  return listen(
    createServer((request, response) =>
      serveRequest(request, response, { groupId: 9 }, async () => {
        for await (const _chunk of request);
        response.statusCode = await serveWithFailover(upstreamUrl)
        response.end()
      }),
    ),
  )
}

const ask = {
  method: 'POST',
  headers: {
    'content-type': 'application/json',
    'x-client-request-id': 'client-1',
    'user-agent': 'test-client/1.0',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  },
  body: '{"model":"gpt-5.2"}',
}

describe.each([
  ['Fastify', fastifyGateway],
  ['Express', expressGateway],
  ['node:http', nodeGateway],
])('a gateway on %s', (_name, start) => {
  it('gets one record for a failed request, joined to its attempts', async () => {
    const capture = await captureTelemetry()
    const gateway = await start(await serveAnswers(openAiRateLimit, anthropicOverload))
    const response = await fetch(`${gateway}/v1/chat?key=secret`, ask)
    expect(response.status).toBe(529)
    await response.text()
    await expect.poll(async () => (await capture.requestErrors()).length).toBe(1)

    const attempts = await capture.upstreamErrors()
    const [record, ...others] = await capture.requestErrors()
    expect(others).toEqual([])
    expect(record?.span?.kind).toBe(2)
    expect(record?.span?.parentSpanId).toBe('b7ad6b7169203331')
    // Not said by the gateway: the sidecar judges.
    expect(record?.attributes).not.toHaveProperty(['ops.error.business_limited'])
    expect(record?.attributes).toMatchObject({
      'http.response.status_code': 529,
      'ops.error.phase': 'upstream',
      'ops.error.type': 'upstream_error',
      'ops.error.severity': 'P1',
      'ops.error.message': 'Overloaded',
      'ops.error.body': '{"error":"all accounts failed"}',
      'ops.error.upstream.status_code': 529,
      'ops.error.upstream.message': 'Overloaded',
      'ops.client_request.id': 'client-1',
      'ops.request.path': '/v1/chat',
      'ops.group.id': '9',
      'user.id': '7',
      'ops.account.id': '102',
      'client.address': expect.stringContaining('127.0.0.1'),
      'user_agent.original': 'test-client/1.0',
      'ops.latency.auth_ms': expect.any(Number),
      'ops.latency.routing_ms': 3,
    })
    expect(record?.attributes['ops.request.latency_ms']).toBeGreaterThanOrEqual(0)
    expect(attempts.map((attempt) => attempt.attributes['ops.account.id'])).toEqual(['101', '102'])
    expect(attempts.map((attempt) => attempt.attributes['http.response.status_code'])).toEqual([429, 529])
    for (const attempt of attempts) {
      expect(attempt.attributes['ops.request.id']).toBe(record?.attributes['ops.request.id'])
      expect(attempt.attributes['ops.request.path']).toBe('/v1/chat')
      expect(attempt.traceId).toBe('0af7651916cd43dd8448eb211c80319c')
      expect(attempt.span?.parentSpanId).toBe(record?.spanId)
    }
  })

  it('keeps its context although the body comes later, in pieces', async () => {
    const capture = await captureTelemetry()
    const gateway = new URL(await start(await serveAnswers(openAiRateLimit)))
    const socket = connect(Number(gateway.port), gateway.hostname)
    socket.write(`POST /v1/chat HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\n`)
    socket.write('content-length: 12\r\nx-client-request-id: slow\r\nconnection: close\r\n\r\n')
    for (const piece of ['{"mod', 'el":', '""}']) {
      await delay(20)
      socket.write(piece)
    }
    await once(socket.resume(), 'close')
    await expect.poll(async () => (await capture.requestErrors()).length).toBe(1)
    for (const attempt of await capture.upstreamErrors()) {
      expect(attempt.attributes['ops.client_request.id']).toBe('slow')
    }
    expect(await capture.upstreamErrors()).toHaveLength(2)
  })

  it('gets the attempts but no failure for a request that failover saved', async () => {
    const capture = await captureTelemetry()
    const gateway = await start(await serveAnswers(openAiRateLimit, answer(200, {}, {})))
    await (await fetch(`${gateway}/v1/chat`, ask)).text()
    await expect.poll(async () => (await capture.upstreamErrors()).length).toBe(1)
    await expect.poll(() => capture.flush().then(() => capture.otlp.spans.length)).toBe(2)
    expect(await capture.requestErrors()).toEqual([])
  })

  it('exports nothing for a success', async () => {
    const capture = await captureTelemetry()
    const gateway = await start(await serveAnswers(answer(200, {}, {})))
    expect((await fetch(`${gateway}/v1/chat`, ask)).status).toBe(200)
    await capture.flush()
    expect(capture.otlp.requests).toEqual([])
  })

  it('keeps requests that overlap apart', async () => {
    const capture = await captureTelemetry()
    const gateway = await start(await serveAnswers(openAiRateLimit))
    await Promise.all(
      Array.from({ length: 20 }, async (_, number) => {
        const headers = { ...ask.headers, 'x-client-request-id': `client-${number}`, traceparent: '' }
        await (await fetch(`${gateway}/v1/chat`, { ...ask, headers })).text()
      }),
    )
    await expect.poll(async () => (await capture.requestErrors()).length).toBe(20)
    const attempts = await capture.upstreamErrors()
    for (const record of await capture.requestErrors()) {
      const own = attempts.filter((attempt) => attempt.traceId === record.traceId)
      expect(own.map((attempt) => attempt.attributes['http.request.resend_count'])).toEqual([0, 1])
      for (const attempt of own) {
        expect(attempt.attributes['ops.client_request.id']).toBe(record.attributes['ops.client_request.id'])
      }
    }
  })
})

describe('rate-limit decisions of the gateway itself', () => {
  it('against a client are failed requests of its own making', async () => {
    const capture = await captureTelemetry()
    const gateway = await fastifyGateway('http://127.0.0.1:1')
    await (await fetch(`${gateway}/limited`)).text()
    await expect.poll(async () => (await capture.requestErrors()).length).toBe(1)
    expect((await capture.requestErrors())[0]?.attributes).toMatchObject({
      'http.response.status_code': 429,
      'ops.error.type': 'rate_limit_error',
      'ops.error.business_limited': true,
      'ops.error.message': 'plan limit of 10 requests a minute',
    })
    expect(await capture.upstreamErrors()).toEqual([])
  })

  it('against an account stand beside the answers that caused them', async () => {
    const capture = await captureTelemetry()
    const gateway = await fastifyGateway('http://127.0.0.1:1')
    const response = await fetch(`${gateway}/rested`)
    const { requestId } = (await response.json()) as { requestId: string }
    const [event] = await capture.upstreamErrors()
    expect(event?.attributes).toMatchObject({
      'ops.request.id': requestId,
      'ops.upstream.error.kind': 'failover',
      'http.response.status_code': 429,
      'ops.upstream.retry_after_ms': 1_500,
      'gen_ai.provider.name': 'anthropic',
      'ops.account.id': '201',
    })
  })
})

describe('a stream that breaks on its way through the gateway', () => {
  it('fails the request although its status was 200', async () => {
    const capture = await captureTelemetry()
    const gateway = await fastifyGateway(
      await serveAnswers(breakOff(200, { 'content-type': 'text/event-stream' }, 'data: {}\n\n')),
    )
    const response = await fetch(`${gateway}/stream`)
    await expect(response.text()).rejects.toThrow()
    await expect.poll(async () => (await capture.requestErrors()).length).toBe(1)
    const [record] = await capture.requestErrors()
    expect(record?.attributes).toMatchObject({
      'http.response.status_code': 200,
      'ops.error.phase': 'upstream',
    })
    expect(record?.attributes['gen_ai.response.time_to_first_chunk']).toBeGreaterThan(0)
    expect(await capture.upstreamErrors()).toHaveLength(1)
  })
})
