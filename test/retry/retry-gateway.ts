import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

export interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface RetryGateway {
  readonly url: string
  readonly port: number
  /** What it was sent, in order. */
  readonly seen: SeenRequest[]
  /** What it does from now on. */
  answer: (response: ServerResponse, request: SeenRequest) => unknown
  close(): Promise<void>
}

/** A gateway on loopback that remembers what it is sent. */
export async function startRetryGateway(): Promise<RetryGateway> {
  const server = createServer(async (request, response) => {
    const body = (await buffer(request)).toString()
    const seen = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body }
    gateway.seen.push(seen)
    await gateway.answer(response, seen)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const gateway: RetryGateway = {
    url: `http://127.0.0.1:${port}`,
    port,
    seen: [],
    answer: (response) => response.end('{}'),
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return gateway
}
