import { describe, expect, it } from 'vitest'
import {
  configureRecording,
  instrumentFetch,
  openUpstreamContext,
  recordUpstreamError,
  runInUpstreamContext,
  telemetryStats,
} from '../../src/gateway/index.ts'
import { captureTelemetry } from './capture-telemetry.ts'
import {
  answer,
  anthropicOverload,
  breakOff,
  closedPort,
  eventStream,
  htmlUnavailable,
  openAiRateLimit,
  serveAnswers,
} from './loopback-server.ts'

const instrumented = instrumentFetch(fetch)

describe('an error answer', () => {
  it('is recorded with its status, headers, body and request id, and reaches the caller unread', async () => {
    const capture = await captureTelemetry()
    const url = await serveAnswers(openAiRateLimit)
    const response = await instrumented(`${url}/v1/chat/completions?key=secret`, {
      method: 'POST',
      body: '{}',
    })
    expect(await response.json()).toMatchObject({ error: { code: 'rate_limit_exceeded' } })

    const [event, ...others] = await capture.upstreamErrors()
    expect(others).toEqual([])
    expect(event?.span?.kind).toBe(3)
    expect(event?.span?.status.code).toBe(2)
    expect(event?.attributes).toMatchObject({
      'ops.upstream.error.kind': 'http_error',
      'http.response.status_code': 429,
      'http.request.resend_count': 0,
      'ops.upstream.request.id': 'req_openai_1',
      'http.response.header.retry-after': ['20'],
      'http.response.header.x-ratelimit-reset-tokens': ['6m0s'],
      'server.address': '127.0.0.1',
      'url.full': `${url}/v1/chat/completions`,
    })
    expect(JSON.parse(String(event?.attributes['http.response.body.content']))).toMatchObject({
      error: { type: 'tokens' },
    })
    expect(event?.attributes['http.response.body.size']).toBe(
      Buffer.byteLength(String(event?.attributes['http.response.body.content'])),
    )
  })

  it('of 529 and of a proxy in HTML is recorded alike', async () => {
    const capture = await captureTelemetry()
    const url = await serveAnswers(anthropicOverload, htmlUnavailable)
    await instrumented(url)
    await instrumented(url)
    const events = await capture.upstreamErrors()
    expect(events.map((event) => event.attributes['http.response.status_code'])).toEqual([529, 503])
    expect(events[1]?.attributes['http.response.body.content']).toContain(
      '503 Service Temporarily Unavailable',
    )
  })

  it('keeps what arrived of a body that breaks off, and the caller meets the break itself', async () => {
    const capture = await captureTelemetry()
    const url = await serveAnswers(
      breakOff(500, { 'content-type': 'application/json' }, '{"error":{"message":"ha'),
    )
    const response = await instrumented(url)
    await expect(response.text()).rejects.toThrow()
    const [event] = await capture.upstreamErrors()
    expect(event?.attributes['http.response.status_code']).toBe(500)
    expect(event?.attributes['http.response.body.content']).toBe('{"error":{"message":"ha')
  })

  it('whose body never ends is recorded after the time limit, without holding the caller', async () => {
    const capture = await captureTelemetry()
    configureRecording({ bodyTimeoutMs: 500 })
    const before = telemetryStats().upstreamErrors
    const url = await serveAnswers((response) => {
      response.writeHead(503, { 'content-type': 'text/plain' })
      response.write('wait')
    })
    const response = await instrumented(url)
    expect(telemetryStats().upstreamErrors).toBe(before)
    const [event] = await capture.upstreamErrors()
    expect(event?.attributes['http.response.body.content']).toBe('wait')
    await response.body?.cancel()
  })

  it('is cut to the configured size, with its full size told', async () => {
    const capture = await captureTelemetry()
    configureRecording({ maxBodyBytes: 100 })
    const url = await serveAnswers(answer(500, {}, 'é'.repeat(30_000)))
    const response = await instrumented(url)
    expect(await response.text()).toHaveLength(30_000)
    const [event] = await capture.upstreamErrors()
    expect(event?.attributes['http.response.body.content']).toBe('é'.repeat(50))
    expect(event?.attributes['http.response.body.size']).toBe(60_000)
  })

  it('is not recorded again when the gateway hands it in itself', async () => {
    const capture = await captureTelemetry()
    const url = await serveAnswers(openAiRateLimit)
    const before = telemetryStats().duplicates
    recordUpstreamError(await instrumented(url))
    expect(await capture.upstreamErrors()).toHaveLength(1)
    expect(telemetryStats().duplicates).toBe(before + 1)
  })

  it('that an isError option excludes, and every success, leaves no trace', async () => {
    const capture = await captureTelemetry()
    const url = await serveAnswers(openAiRateLimit, answer(200, {}, {}), answer(404, {}, {}))
    await instrumentFetch(fetch, { isError: (status) => status >= 500 })(url)
    await instrumented(url)
    await instrumented(url)
    await capture.flush()
    expect(capture.otlp.spans).toEqual([])
  })
})

describe('a request without an answer', () => {
  it('is recorded with the code of the innermost cause', async () => {
    const capture = await captureTelemetry()
    const url = await serveAnswers((response) => response.socket?.resetAndDestroy())
    await expect(instrumented(await closedPort())).rejects.toThrow('fetch failed')
    await expect(instrumented(url)).rejects.toThrow('fetch failed')
    const events = await capture.upstreamErrors()
    expect(events.map((event) => event.attributes['ops.upstream.error.code'])).toEqual([
      'ECONNREFUSED',
      'ECONNRESET',
    ])
    expect(events[0]?.attributes).toMatchObject({
      'ops.upstream.error.kind': 'request_error',
      'http.response.status_code': 0,
    })
  })

  it('is recorded when it timed out, not when the gateway gave it up', async () => {
    const capture = await captureTelemetry()
    const url = await serveAnswers(() => {})
    await expect(instrumented(url, { signal: AbortSignal.timeout(30) })).rejects.toThrow()
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 30)
    await expect(instrumented(url, { signal: controller.signal })).rejects.toThrow()
    const events = await capture.upstreamErrors()
    expect(events.map((event) => event.attributes['error.type'])).toEqual(['TimeoutError'])
  })
})

describe('an event stream', () => {
  const chunk = 'data: {"choices":[{"delta":{"content":"an \\"error\\": {} in prose"}}]}\n\n'

  it('passes through byte for byte and leaves no trace when it ends well', async () => {
    const capture = await captureTelemetry()
    const url = await serveAnswers(eventStream([chunk, chunk, 'data: [DONE]\n\n']))
    const response = await instrumented(url)
    expect(response.url).toBe(`${url}/`)
    expect(response.headers.get('request-id')).toBe('req_stream')
    expect(await response.text()).toBe(`${chunk}${chunk}data: [DONE]\n\n`)
    await capture.flush()
    expect(capture.otlp.spans).toEqual([])
  })

  it('that carries an error after 200 is recorded once, mid-stream', async () => {
    const capture = await captureTelemetry()
    const error = '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'
    const url = await serveAnswers(
      eventStream([chunk, `event: error\ndata: ${error}\n\n`, 'data: {"error":{}}\n\n']),
    )
    const response = await instrumented(url)
    await response.text()
    const events = await capture.upstreamErrors()
    expect(events).toHaveLength(1)
    expect(events[0]?.attributes).toMatchObject({
      'ops.upstream.error.kind': 'stream_error',
      'ops.upstream.stream_phase': 'mid_stream',
      'http.response.status_code': 200,
      'http.response.body.content': error,
      'ops.upstream.request.id': 'req_stream',
    })
  })

  it('that breaks is recorded once, and the consumer gets its bytes and the error', async () => {
    const capture = await captureTelemetry()
    const url = await serveAnswers(breakOff(200, { 'content-type': 'text/event-stream' }, chunk))
    const response = await instrumented(url)
    const received: string[] = []
    const read = async () => {
      for await (const bytes of response.body ?? []) received.push(Buffer.from(bytes).toString())
    }
    await expect(read()).rejects.toThrow('terminated')
    expect(received.join('')).toBe(chunk)
    const events = await capture.upstreamErrors()
    expect(events).toHaveLength(1)
    expect(events[0]?.attributes).toMatchObject({
      'ops.upstream.error.kind': 'stream_error',
      'ops.upstream.stream_phase': 'mid_stream',
    })
  })

  it('is not read ahead of its consumer, and is let go when the consumer leaves', async () => {
    const capture = await captureTelemetry()
    let sent = 0
    let isClosed = false
    const source = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(Buffer.from(`data: ${++sent}\n\n`)),
      cancel: () => {
        isClosed = true
      },
    })
    const answering: typeof fetch = async () =>
      new Response(source, { headers: { 'content-type': 'text/event-stream' } })
    const response = await instrumentFetch(answering)('http://127.0.0.1/')
    const reader = response.body?.getReader()
    await reader?.read()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(sent).toBeLessThanOrEqual(2)
    await reader?.cancel()
    expect(isClosed).toBe(true)
    await capture.flush()
    expect(capture.otlp.spans).toEqual([])
  })
})

describe('attempts of one request', () => {
  it('are numbered in order under one trace, each with the account that it was made for', async () => {
    const capture = await captureTelemetry()
    const url = await serveAnswers(openAiRateLimit, htmlUnavailable, answer(200, {}, {}))
    const context = openUpstreamContext({
      requestId: 'r-1',
      platform: 'openai',
      model: 'gpt-5.2',
      groupId: 5n,
    })
    await runInUpstreamContext(context, async () => {
      for (const accountId of [101, 102, 103]) {
        context.accountId = accountId
        await instrumented(url)
      }
    })
    const events = await capture.upstreamErrors()
    expect(events.map((event) => event.attributes['ops.account.id'])).toEqual(['101', '102'])
    expect(events.map((event) => event.attributes['http.request.resend_count'])).toEqual([0, 1])
    expect(new Set(events.map((event) => event.traceId)).size).toBe(1)
    for (const event of events) {
      expect(event.attributes).toMatchObject({
        'ops.request.id': 'r-1',
        'gen_ai.provider.name': 'openai',
        'gen_ai.request.model': 'gpt-5.2',
        'ops.group.id': '5',
      })
    }
  })

  it('keep their accounts apart although they overlap', async () => {
    const capture = await captureTelemetry()
    const url = await serveAnswers((response) => setTimeout(() => response.writeHead(503).end(), 20))
    const context = openUpstreamContext({})
    await runInUpstreamContext(context, () =>
      Promise.all(
        [101, 102].map((accountId) => {
          context.accountId = accountId
          return instrumented(url)
        }),
      ),
    )
    const accounts = (await capture.upstreamErrors()).map((event) => event.attributes['ops.account.id'])
    expect(accounts.sort()).toEqual(['101', '102'])
  })
})
