import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import pino from 'pino'
import { afterEach, describe, expect, it } from 'vitest'
import { startForwarding } from '../../src/forwarding/forward.ts'
import { parseHeaders } from '../../src/forwarding/parse-headers.ts'
import { createMetrics } from '../../src/metrics/metrics.ts'
import { eventually } from '../support/eventually.ts'
import { post, traceExport, upstreamError } from '../support/otlp.ts'
import { startTestSidecar, type TestSidecar, temporaryDirectory } from '../support/sidecar.ts'

interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

const directory = await temporaryDirectory()
const servers: Server[] = []
let sidecar: TestSidecar | undefined
afterEach(async () => {
  await sidecar?.stop()
  sidecar = undefined
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

/** An OTLP/HTTP backend that answers with the given statuses in turn, then 200; undefined = never. */
async function startBackend(
  answers: (number | undefined)[] = [],
): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    received.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks) })
    const status = answers.length > 0 ? answers.shift() : 200
    if (status !== undefined) response.writeHead(status, { 'retry-after': '0' }).end()
  }).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received }
}

const payload = (size: number) => ({
  path: '/v1/traces',
  contentType: 'application/json',
  contentEncoding: 'identity',
  bytes: Buffer.alloc(size, 'x'),
})

function forwarding(endpoint: string, changes: Partial<Parameters<typeof startForwarding>[0]> = {}) {
  const metrics = createMetrics()
  const running = startForwarding({
    endpoint,
    headers: {},
    maxQueueBytes: 1000,
    timeoutMs: 500,
    maxElapsedMs: 5000,
    metrics,
    log: pino({ level: 'silent' }),
    ...changes,
  })
  const outcomes = async () =>
    Object.fromEntries(
      (await metrics.forwardedPayloads.get()).values.map(({ labels, value }) => [labels.outcome, value]),
    )
  return { running, outcomes }
}

describe('forwarding', () => {
  it('passes payloads on unchanged, byte for byte, with their headers, and metrics too', async () => {
    const { url, received } = await startBackend()
    sidecar = await startTestSidecar(directory.path, {
      forwardOtlpEndpoint: `${url}/otlp`,
      forwardOtlpHeaders: { 'x-tenant': 'a' },
    })
    const body = gzipSync(JSON.stringify(traceExport([upstreamError({ 'ops.request.id': 'forwarded' })])))
    expect((await post(`${sidecar.otlpUrl}/v1/traces`, body, { 'content-encoding': 'gzip' })).status).toBe(
      200,
    )
    expect((await post(`${sidecar.otlpUrl}/v1/metrics`, '{"resourceMetrics":[]}')).status).toBe(200)
    await eventually(async () => expect(received).toHaveLength(2))
    const traces = received.find(({ path }) => path === '/otlp/v1/traces')
    expect(traces?.body.equals(body)).toBe(true)
    expect(traces?.headers).toMatchObject({
      'content-encoding': 'gzip',
      'content-type': 'application/json',
      'x-tenant': 'a',
    })
    expect(received.map(({ path }) => path)).toContain('/otlp/v1/metrics')
  })

  it('never holds up the ack of an upstream error, and does not pass on what was refused', async () => {
    const { url, received } = await startBackend(Array.from({ length: 10 }, () => undefined))
    sidecar = await startTestSidecar(directory.path, { forwardOtlpEndpoint: url, forwardTimeoutMs: 60_000 })
    for (let index = 0; index < 8; index++) {
      const answer = await post(
        `${sidecar.otlpUrl}/v1/traces`,
        traceExport([upstreamError({ 'ops.request.id': `quick-${index}` })]),
      )
      expect(answer.status).toBe(200)
    }
    expect((await post(`${sidecar.otlpUrl}/v1/traces`, '{')).status).toBe(400)
    await eventually(async () => expect(received.length).toBe(4))
  })

  it('repeats what may be repeated, gives up what may not, and counts both', async () => {
    const { url, received } = await startBackend([503, 429, 200, 400])
    const { running, outcomes } = forwarding(url)
    running.forward(payload(10))
    await eventually(async () => expect(await outcomes()).toEqual({ sent: 1 }))
    expect(received).toHaveLength(3)
    running.forward(payload(10))
    await eventually(async () => expect(await outcomes()).toEqual({ sent: 1, refused: 1 }))
    await running.stop(1000)
  })

  it('bounds its queue and counts what does not fit', async () => {
    const { url } = await startBackend([undefined, undefined])
    const { running, outcomes } = forwarding(url, { timeoutMs: 60_000 })
    expect(running.forward(payload(600))).toBe(true)
    expect(running.forward(payload(600))).toBe(false)
    expect(running.queuedBytes).toBe(600)
    await running.stop(50)
    expect(running.queuedBytes).toBe(0)
    expect(await outcomes()).toEqual({ dropped_queue_full: 1, dropped_unreachable: 1 })
  })

  it('gives up after its time when nobody answers', async () => {
    const { running, outcomes } = forwarding('http://127.0.0.1:9', { maxElapsedMs: 800 })
    running.forward(payload(10))
    await eventually(async () => expect(await outcomes()).toEqual({ dropped_unreachable: 1 }))
    await running.stop(0)
  })
})

describe('the headers of the other endpoint', () => {
  it('are read as OTEL_EXPORTER_OTLP_HEADERS is', () => {
    expect(parseHeaders('Api-Key=a%20b, x=1=2,')).toEqual({ 'api-key': 'a b', x: '1=2' })
    expect(parseHeaders('')).toEqual({})
    expect(parseHeaders('no equals')).toBeUndefined()
    expect(parseHeaders('a b=c')).toBeUndefined()
    expect(parseHeaders('a=%zz')).toBeUndefined()
  })
})
