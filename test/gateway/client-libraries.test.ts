import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { request } from 'undici'
import { describe, expect, it } from 'vitest'
import {
  instrumentFetch,
  openUpstreamContext,
  recordUpstreamError,
  runInUpstreamContext,
} from '../../src/gateway/index.ts'
import { captureTelemetry } from './capture-telemetry.ts'
import {
  type Answering,
  anthropicOverload,
  breakOff,
  closedPort,
  eventStream,
  htmlUnavailable,
  openAiRateLimit,
  serveAnswers,
} from './loopback-server.ts'

const apiKey = 'key-of-the-test'
const openAiRequest = { model: 'gpt-5.2', messages: [{ role: 'user' as const, content: 'hello' }] }
const anthropicRequest = { ...openAiRequest, model: 'claude-opus-4-6', max_tokens: 16 }

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  )
}

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _chunk of stream);
}

describe('errors of the openai client', () => {
  async function failing(...answers: Answering[]) {
    const client = new OpenAI({ apiKey, baseURL: await serveAnswers(...answers), maxRetries: 0 })
    return failureOf(client.chat.completions.create(openAiRequest))
  }

  it('tell status, body as the provider sent it, headers and request id', async () => {
    const capture = await captureTelemetry()
    recordUpstreamError(await failing(openAiRateLimit), { platform: 'openai' })
    const [event] = await capture.upstreamErrors()
    expect(event?.attributes).toMatchObject({
      'ops.upstream.error.kind': 'http_error',
      'http.response.status_code': 429,
      'ops.upstream.request.id': 'req_openai_1',
      'http.response.header.retry-after': ['20'],
    })
    expect(JSON.parse(String(event?.attributes['http.response.body.content']))).toMatchObject({
      error: { type: 'tokens', code: 'rate_limit_exceeded' },
    })
  })

  it('of a page in HTML and of a refused connection are recorded', async () => {
    const capture = await captureTelemetry()
    recordUpstreamError(await failing(htmlUnavailable))
    const client = new OpenAI({ apiKey, baseURL: await closedPort(), maxRetries: 0 })
    recordUpstreamError(await failureOf(client.chat.completions.create(openAiRequest)))
    const events = await capture.upstreamErrors()
    expect(events.map((event) => event.attributes['http.response.status_code'])).toEqual([503, 0])
    expect(events[1]?.attributes['ops.upstream.error.code']).toBe('ECONNREFUSED')
  })

  it('of a timeout are request errors', async () => {
    const capture = await captureTelemetry()
    const baseURL = await serveAnswers(() => {})
    const client = new OpenAI({ apiKey, baseURL, maxRetries: 0, timeout: 50 })
    recordUpstreamError(await failureOf(client.chat.completions.create(openAiRequest)))
    const [event] = await capture.upstreamErrors()
    expect(event?.attributes).toMatchObject({
      'ops.upstream.error.kind': 'request_error',
      'http.response.status_code': 0,
      'error.type': 'APIConnectionTimeoutError',
    })
  })

  it('in a stream are stream errors after 200', async () => {
    const capture = await captureTelemetry()
    const baseURL = await serveAnswers(
      eventStream([
        'data: {"choices":[]}\n\n',
        'data: {"error":{"message":"broken","type":"server_error"}}\n\n',
      ]),
    )
    const client = new OpenAI({ apiKey, baseURL, maxRetries: 0 })
    const stream = await client.chat.completions.create({ ...openAiRequest, stream: true })
    recordUpstreamError(await failureOf(drain(stream)))
    const [event] = await capture.upstreamErrors()
    expect(event?.attributes).toMatchObject({
      'ops.upstream.error.kind': 'stream_error',
      'ops.upstream.stream_phase': 'mid_stream',
      'http.response.status_code': 200,
    })
    expect(event?.attributes['http.response.body.content']).toContain('"message":"broken"')
  })

  it('are recorded attempt by attempt, and once each, through an instrumented fetch', async () => {
    const capture = await captureTelemetry()
    const baseURL = await serveAnswers(
      (response) => response.socket?.resetAndDestroy(),
      (response) => response.writeHead(500, { 'retry-after-ms': '1' }).end('{"error":{"message":"boom"}}'),
      openAiRateLimit,
    )
    const client = new OpenAI({
      apiKey,
      baseURL,
      maxRetries: 1,
      fetch: instrumentFetch(fetch, { platform: 'openai' }),
    })
    recordUpstreamError(await failureOf(client.chat.completions.create(openAiRequest)))
    const events = await capture.upstreamErrors()
    expect(events.map((event) => event.attributes['http.response.status_code'])).toEqual([0, 500])
    expect(events.map((event) => event.attributes['gen_ai.provider.name'])).toEqual(['openai', 'openai'])
  })

  it('of its time limit are recorded attempt by attempt, and once each, through an instrumented fetch', async () => {
    const capture = await captureTelemetry()
    const baseURL = await serveAnswers(() => {})
    const client = new OpenAI({
      apiKey,
      baseURL,
      maxRetries: 1,
      timeout: 50,
      fetch: instrumentFetch(fetch, { platform: 'openai' }),
    })
    await runInUpstreamContext(openUpstreamContext({}), async () => {
      recordUpstreamError(await failureOf(client.chat.completions.create(openAiRequest)))
    })
    const events = await capture.upstreamErrors()
    expect(events.map((event) => event.attributes['error.type'])).toEqual(['TimeoutError', 'TimeoutError'])
    expect(events.map((event) => event.attributes['http.request.resend_count'])).toEqual([0, 1])
  })

  it('are none when the caller gives up before its time limit', async () => {
    const capture = await captureTelemetry()
    const baseURL = await serveAnswers(() => {})
    const client = new OpenAI({ apiKey, baseURL, fetch: instrumentFetch(fetch) })
    const signal = AbortSignal.abort()
    const later = new AbortController()
    setTimeout(() => later.abort(), 30)
    for (const given of [signal, later.signal]) {
      await failureOf(client.chat.completions.create(openAiRequest, { signal: given }))
    }
    await capture.flush()
    expect(capture.otlp.spans).toEqual([])
  })

  it('of streams are recorded once through an instrumented fetch', async () => {
    const capture = await captureTelemetry()
    const baseURL = await serveAnswers(
      breakOff(200, { 'content-type': 'text/event-stream' }, 'data: {"choices":[]}\n\n'),
    )
    const client = new OpenAI({ apiKey, baseURL, maxRetries: 0, fetch: instrumentFetch(fetch) })
    const stream = await client.chat.completions.create({ ...openAiRequest, stream: true })
    recordUpstreamError(await failureOf(drain(stream)))
    expect(await capture.upstreamErrors()).toHaveLength(1)
  })
})

describe('errors of the Anthropic client', () => {
  it('tell status, the whole body, headers and request id', async () => {
    const capture = await captureTelemetry()
    const client = new Anthropic({ apiKey, baseURL: await serveAnswers(anthropicOverload), maxRetries: 0 })
    recordUpstreamError(await failureOf(client.messages.create(anthropicRequest)))
    const [event] = await capture.upstreamErrors()
    expect(event?.attributes).toMatchObject({
      'http.response.status_code': 529,
      'ops.upstream.request.id': 'req_anthropic_1',
      'http.response.header.anthropic-ratelimit-requests-remaining': ['3'],
    })
    expect(JSON.parse(String(event?.attributes['http.response.body.content']))).toEqual({
      type: 'error',
      error: { type: 'overloaded_error', message: 'Overloaded' },
      request_id: 'req_anthropic_1',
    })
  })

  it('of an error event in a stream are recorded once, with and without an instrumented fetch', async () => {
    const capture = await captureTelemetry()
    const baseURL = await serveAnswers(
      eventStream([
        'event: ping\ndata: {"type":"ping"}\n\n',
        'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n',
      ]),
    )
    for (const used of [fetch, instrumentFetch(fetch)]) {
      const client = new Anthropic({ apiKey, baseURL, maxRetries: 0, fetch: used })
      const stream = await client.messages.create({ ...anthropicRequest, stream: true })
      recordUpstreamError(await failureOf(drain(stream)))
    }
    const events = await capture.upstreamErrors()
    expect(events.map((event) => event.attributes['ops.upstream.stream_phase'])).toEqual([
      'mid_stream',
      'mid_stream',
    ])
    for (const event of events) {
      expect(JSON.parse(String(event.attributes['http.response.body.content']))).toMatchObject({
        type: 'error',
        error: { type: 'overloaded_error' },
      })
    }
  })
})

describe('an answer of undici.request', () => {
  it('is recorded with the body that the gateway read', async () => {
    const capture = await captureTelemetry()
    const response = await request(await serveAnswers(openAiRateLimit))
    recordUpstreamError(response, { responseBody: await response.body.text() })
    const [event] = await capture.upstreamErrors()
    expect(event?.attributes).toMatchObject({
      'http.response.status_code': 429,
      'ops.upstream.request.id': 'req_openai_1',
    })
    expect(event?.attributes['http.response.body.content']).toContain('rate_limit_exceeded')
  })
})
