import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { Config } from '../../src/config.ts'
import { eventually } from '../support/eventually.ts'
import { post } from '../support/otlp.ts'
import { startTestSidecar, type TestSidecar, temporaryDirectory } from '../support/sidecar.ts'

// One directory for the file: the embedded engine binds one per process.
const directory = await temporaryDirectory()
let sidecar: TestSidecar | undefined
const sockets: Socket[] = []

async function start(changes: Partial<Config>): Promise<TestSidecar> {
  sidecar = await startTestSidecar(directory.path, changes)
  return sidecar
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await sidecar?.stop()
})

/** A client that has announced a body and sends only a part of it. */
async function startSlowly(port: number, bodyBytes: number, sentBytes: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  sockets.push(socket)
  await once(socket, 'connect')
  socket.write(
    `POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${bodyBytes}\r\n\r\n${' '.repeat(sentBytes)}`,
  )
  return socket
}

const retryAfter = (answer: Response): number => Number(answer.headers.get('retry-after'))

describe('the receiver under load', () => {
  it('answers 429 with Retry-After to a client with too many requests under way, until one has ended', async () => {
    const { otlpPort, otlpUrl } = await start({ otlpMaxClientRequests: 1 })
    const slow = await startSlowly(otlpPort, 100, 10)
    await eventually(async () => {
      const answer = await post(`${otlpUrl}/v1/traces`, '{}')
      expect(answer.status).toBe(429)
      expect(retryAfter(answer)).toBeGreaterThanOrEqual(1)
      expect(retryAfter(answer)).toBeLessThanOrEqual(30)
    })
    slow.destroy()
    await eventually(async () => expect((await post(`${otlpUrl}/v1/traces`, '{}')).status).toBe(200))
  })

  it('answers 503 with Retry-After when all requests together hold too many bytes, until they are gone', async () => {
    const { otlpPort, otlpUrl } = await start({ otlpMaxInFlightBytes: 10_000 })
    const slow = await startSlowly(otlpPort, 9000, 8990)
    const body = `{"x":"${'x'.repeat(5000)}"}`
    await eventually(async () => {
      const answer = await post(`${otlpUrl}/v1/traces`, body)
      expect(answer.status).toBe(503)
      expect(retryAfter(answer)).toBeGreaterThanOrEqual(1)
    })
    slow.destroy()
    await eventually(async () => expect((await post(`${otlpUrl}/v1/traces`, body)).status).toBe(200))
  })

  it('cuts off clients that do not send their request within the deadline, and serves others meanwhile', async () => {
    const { otlpPort, otlpUrl } = await start({ otlpRequestTimeoutMs: 300 })
    const slow = await startSlowly(otlpPort, 100, 10)
    const silent = connect(otlpPort, '127.0.0.1')
    sockets.push(silent)
    const ended = Promise.all([slow, silent].map((socket) => once(socket.resume(), 'close')))
    expect((await post(`${otlpUrl}/v1/traces`, '{}')).status).toBe(200)
    await ended
  })

  it('drops connections over the limit and counts them', async () => {
    const { otlpPort, apiUrl } = await start({ otlpMaxConnections: 2 })
    await startSlowly(otlpPort, 100, 1)
    await startSlowly(otlpPort, 100, 1)
    const third = connect(otlpPort, '127.0.0.1')
    sockets.push(third)
    await once(third, 'close')
    const metrics = await (await fetch(`${apiUrl}/metrics`)).text()
    expect(metrics).toContain('ops_receiver_dropped_connections_total 1')
  })

  it('stops within its time although a client never ends its request', async () => {
    const running = await start({})
    await startSlowly(running.otlpPort, 100, 10)
    const startedMs = Date.now()
    await running.stop()
    expect(Date.now() - startedMs).toBeLessThan(15_000)
  })
})
