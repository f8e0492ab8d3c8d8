import { gzipSync } from 'node:zlib'
import OpenAI from 'openai'
import { request } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  configureRecording,
  instrumentUndici,
  openUpstreamContext,
  recordUpstreamError,
  runInUpstreamContext,
} from '../../src/gateway/index.ts'
import { captureTelemetry } from './capture-telemetry.ts'
import {
  anthropicOverload,
  breakOff,
  closedPort,
  eventStream,
  htmlUnavailable,
  openAiRateLimit,
  serveAnswers,
} from './loopback-server.ts'

function listenTo(...origins: string[]): void {
  onTestFinished(
    instrumentUndici({ upstreams: Object.fromEntries(origins.map((origin) => [origin, 'openai'])) }),
  )
}

describe('instrumentUndici', () => {
  it.each([
    ['fetch', async (url: string) => (await fetch(url)).text()],
    ['undici.request', async (url: string) => (await request(url)).body.text()],
  ])('records error answers of %s with their body, within the request', async (_name, read) => {
    const capture = await captureTelemetry()
    const url = await serveAnswers(openAiRateLimit, anthropicOverload)
    listenTo(url)
    const context = openUpstreamContext({ requestId: 'r-1', accountId: 101 })
    await runInUpstreamContext(context, async () => {
      await read(`${url}/v1/chat/completions?key=secret`)
      await read(url)
    })
    const events = await capture.upstreamErrors()
    expect(events.map((event) => event.attributes['http.response.status_code'])).toEqual([429, 529])
    expect(events[0]?.attributes).toMatchObject({
      'ops.request.id': 'r-1',
      'ops.account.id': '101',
      'gen_ai.provider.name': 'openai',
      'ops.upstream.request.id': 'req_openai_1',
      'http.response.header.retry-after': ['20'],
      'url.full': `${url}/v1/chat/completions`,
    })
    expect(events[0]?.attributes['http.response.body.content']).toContain('rate_limit_exceeded')
  })

  it('undoes the content encoding of a body', async () => {
    const capture = await captureTelemetry()
    const body = '{"error":{"message":"zipped"}}'
    const url = await serveAnswers((response) => {
      response.writeHead(500, { 'content-encoding': 'gzip' }).end(gzipSync(body))
    })
    listenTo(url)
    expect(await (await fetch(url)).text()).toBe(body)
    expect((await capture.upstreamErrors())[0]?.attributes['http.response.body.content']).toBe(body)
  })

  it('records an answer whose body nobody reads', async () => {
    const capture = await captureTelemetry()
    configureRecording({ bodyTimeoutMs: 50 })
    const url = await serveAnswers((response) => {
      response.writeHead(500).write('x'.repeat(1_000_000))
    })
    listenTo(url)
    const response = await request(url)
    expect(await capture.upstreamErrors()).toHaveLength(1)
    response.body.destroy()
  })

  it('records requests without an answer, and streams that break or carry an error', async () => {
    const capture = await captureTelemetry()
    const refused = await closedPort()
    const url = await serveAnswers(
      (response) => response.socket?.resetAndDestroy(),
      breakOff(200, { 'content-type': 'text/event-stream' }, 'data: {}\n\n'),
      eventStream(['data: {}\n\n', 'data: {"error":{"message":"x"}}\n\n']),
    )
    listenTo(url, refused)
    await fetch(refused).catch(() => undefined)
    await fetch(url).catch(() => undefined)
    await fetch(url)
      .then((response) => response.text())
      .catch(() => undefined)
    await (await fetch(url)).text()
    const kinds = (await capture.upstreamErrors()).map((event) => event.attributes['ops.upstream.error.kind'])
    expect(kinds).toEqual(['request_error', 'request_error', 'stream_error', 'stream_error'])
  })

  it('passes over successes, other hosts, and requests that the gateway gave up', async () => {
    const capture = await captureTelemetry()
    const url = await serveAnswers(
      (response) => response.writeHead(200).end('ok'),
      () => {},
    )
    const other = await serveAnswers(openAiRateLimit)
    listenTo(url)
    await (await fetch(url)).text()
    await (await fetch(other)).text()
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 30)
    await expect(fetch(url, { signal: controller.signal })).rejects.toThrow()
    await capture.flush()
    expect(capture.otlp.spans).toEqual([])
  })

  it("takes the client library's error for the answer that it has seen, attempt by attempt", async () => {
    const capture = await captureTelemetry()
    const url = await serveAnswers(openAiRateLimit)
    listenTo(url)
    const client = new OpenAI({ apiKey: 'key-of-the-test', baseURL: url, maxRetries: 0 })
    await runInUpstreamContext(openUpstreamContext({}), async () => {
      for (let attempt = 0; attempt < 2; attempt++) {
        await client.models.list().then(undefined, (error: unknown) => recordUpstreamError(error))
      }
    })
    expect(await capture.upstreamErrors()).toHaveLength(2)
  })

  it("does the same for a page without a request id, an error in a stream, and the library's time limit", async () => {
    const capture = await captureTelemetry()
    const url = await serveAnswers(
      htmlUnavailable,
      eventStream(['data: {"choices":[]}\n\n', 'data: {"error":{"message":"broken"}}\n\n']),
      () => {},
    )
    listenTo(url)
    const client = new OpenAI({ apiKey: 'key-of-the-test', baseURL: url, maxRetries: 0 })
    const messages = [{ role: 'user' as const, content: 'hello' }]
    const failing: readonly (() => Promise<unknown>)[] = [
      () => client.models.list(),
      async () => {
        const stream = await client.chat.completions.create({ model: 'm', messages, stream: true })
        for await (const _chunk of stream);
      },
      () => client.models.list({ timeout: 50 }),
    ]
    await runInUpstreamContext(openUpstreamContext({}), async () => {
      for (const call of failing) await call().catch(recordUpstreamError)
    })
    const events = await capture.upstreamErrors()
    expect(events.map((event) => event.attributes['ops.upstream.error.kind'])).toEqual([
      'http_error',
      'stream_error',
      'request_error',
    ])
    expect(events[1]?.attributes['gen_ai.response.time_to_first_chunk']).toBeGreaterThan(0)
  })

  it('stops listening', async () => {
    const capture = await captureTelemetry()
    const url = await serveAnswers(openAiRateLimit)
    instrumentUndici({ upstreams: { [url]: 'openai' } })()
    await (await fetch(url)).text()
    expect(await capture.upstreamErrors()).toEqual([])
  })
})
