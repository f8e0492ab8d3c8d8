import { setTimeout as sleep } from 'node:timers/promises'
import { type HttpConnection, openHttpConnection } from './http-connection.ts'
import type { SendOrder, SendResult } from './load-messages.ts'
import type { RequestPool } from './request-pool.ts'

/** A refused sender waits, as exporters do; nothing is learnt from how fast a receiver can refuse. */
const pauseAfterRefusalMs = 50

/** Sends requests of the pool over keep-alive connections until the time is over or the pool is empty. */
export async function sendLoad(pool: RequestPool, order: SendOrder): Promise<SendResult> {
  const { hostname, port, host } = new URL(order.url)
  const connections: HttpConnection[] = []
  for (let slot = 0; slot < order.connections; slot++) {
    connections.push(await openHttpConnection(hostname, Number(port)))
  }
  const ackMs: number[] = []
  const refused: Record<string, number> = {}
  const cpuBefore = process.cpuUsage()
  const startedAtMs = performance.now()
  const endMs = startedAtMs + order.seconds * 1000
  const intervalMs = order.requestsPerSecond === undefined ? undefined : 1000 / order.requestsPerSecond
  let started = 0

  async function sendAll(connection: HttpConnection, slot: number): Promise<void> {
    for (;;) {
      const dueMs = intervalMs === undefined ? performance.now() : startedAtMs + started++ * intervalMs
      if (dueMs >= endMs) return
      if (dueMs > performance.now()) await sleep(dueMs - performance.now())
      const body = pool.next(slot)
      if (body === undefined) return
      const status = await connection.post(requestHead(pool, host, body.length), body)
      if (status === 200) ackMs.push(performance.now() - dueMs)
      else {
        refused[status] = (refused[status] ?? 0) + 1
        await sleep(pauseAfterRefusalMs)
      }
    }
  }

  await Promise.all(connections.map(sendAll))
  const wallSeconds = (performance.now() - startedAtMs) / 1000
  const { user, system } = process.cpuUsage(cpuBefore)
  for (const connection of connections) connection.close()
  ackMs.sort((a, b) => a - b)
  const quantile = (share: number): number => ackMs[Math.ceil(share * ackMs.length) - 1] ?? 0
  return {
    acked: ackMs.length,
    refused,
    wallSeconds,
    ackMs: {
      p50: quantile(0.5),
      p90: quantile(0.9),
      p99: quantile(0.99),
      p999: quantile(0.999),
      max: quantile(1),
    },
    senderCpuSeconds: (user + system) / 1e6,
  }
}

function requestHead({ workload }: RequestPool, host: string, bytes: number): Buffer {
  const type = workload.encoding === 'protobuf' ? 'application/x-protobuf' : 'application/json'
  const compression =
    workload.compression === 'identity' ? '' : `content-encoding: ${workload.compression}\r\n`
  return Buffer.from(
    `POST /v1/traces HTTP/1.1\r\nhost: ${host}\r\ncontent-type: ${type}\r\n${compression}content-length: ${bytes}\r\n\r\n`,
  )
}
