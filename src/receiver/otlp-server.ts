import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import { OpsError } from '../errors.ts'
import type { Encoding, Signal } from '../event/selected-event.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { createByteBudget } from './byte-budget.ts'
import type { HandleExport } from './export-request.ts'
import { type ReadBody, readBody } from './read-body.ts'
import { writeAccepted, writeFailure } from './write-response.ts'

export interface OtlpServer {
  readonly port: number
  /** Refuses new connections, lets the requests under way end, then resolves. */
  stop(): Promise<void>
}

export type OtlpServerConfig = Pick<
  Config,
  | 'otlpHost'
  | 'otlpPort'
  | 'otlpMaxBodyBytes'
  | 'otlpMaxInFlightBytes'
  | 'otlpMaxConnections'
  | 'otlpRequestTimeoutMs'
>

const signals: Readonly<Record<string, Signal | undefined>> = { '/v1/traces': 'traces', '/v1/logs': 'logs' }
const readFailures: Record<Exclude<ReadBody['status'], 'body' | 'aborted'>, string> = {
  unsupported_encoding: 'Content-Encoding is none of gzip, deflate, zstd, identity',
  malformed_encoding: 'the body does not decode as its Content-Encoding says',
  body_too_large: 'the body is over the limit, as sent or after inflating',
  overloaded: 'too many bytes are under way',
}

/** Starts the OTLP/HTTP receiver. @throws OpsError `address_in_use`. */
export async function startOtlpServer(
  config: OtlpServerConfig,
  next: HandleExport,
  metrics: Metrics,
  log: Logger,
): Promise<OtlpServer> {
  const budget = createByteBudget(config.otlpMaxInFlightBytes)
  let stopping = false

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?', 1)[0] ?? ''
    const signal = Object.hasOwn(signals, path) ? signals[path] : undefined
    const encoding = requestEncoding(request)
    const answerIn = encoding ?? 'json'
    if (signal === undefined)
      return refuse('not_found', `POST /v1/traces or /v1/logs; there is no ${path.slice(0, 100)}`)
    if (request.method !== 'POST') return refuse('method_not_allowed', 'use POST', { allow: 'POST' })
    if (encoding === undefined)
      return refuse('unsupported_media_type', 'send application/x-protobuf or application/json')
    if (stopping) return refuse('shutting_down', 'the receiver is shutting down')

    const read = await readBody(request, config.otlpMaxBodyBytes, budget)
    if (read.status === 'aborted') {
      metrics.requests.inc({ signal, outcome: 'aborted' })
      response.destroy()
      return
    }
    if (read.status !== 'body') return refuse(read.status, readFailures[read.status])
    try {
      metrics.receivedBytes.inc({ signal }, read.body.length)
      const outcome = await next({ signal, encoding, body: read.body })
      if (outcome.status === 'refused') return refuse(outcome.code, outcome.message)
      metrics.requests.inc({ signal, outcome: outcome.rejectedItems > 0 ? 'partial' : 'accepted' })
      writeAccepted(response, encoding, signal, outcome.rejectedItems, outcome.message)
    } finally {
      budget.release(read.heldBytes)
    }

    function refuse(code: Parameters<typeof writeFailure>[2], message: string, headers = {}): void {
      metrics.requests.inc({ signal: signal ?? 'none', outcome: code })
      // A body that is not read to its end would be taken for the next request of the connection.
      const close = request.complete ? {} : { connection: 'close' }
      writeFailure(response, answerIn, code, message, { ...headers, ...close })
    }
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      log.error({ err: error }, 'export request failed')
      metrics.requests.inc({ signal: 'none', outcome: 'internal' })
      // 503, not 500: OTLP clients repeat only that, and nothing of the request is known to be stored.
      writeFailure(response, requestEncoding(request) ?? 'json', 'overloaded', 'unexpected failure')
    })
  })
  server.requestTimeout = config.otlpRequestTimeoutMs
  server.headersTimeout = Math.min(config.otlpRequestTimeoutMs, 10_000)
  server.keepAliveTimeout = 65_000
  server.maxConnections = config.otlpMaxConnections
  await listen(server, config.otlpPort, config.otlpHost)
  return {
    port: (server.address() as AddressInfo).port,
    stop() {
      stopping = true
      return new Promise((resolve) => {
        server.close(() => resolve())
        server.closeIdleConnections()
      })
    },
  }
}

/** The encoding that Content-Type names, parameters such as charset aside. */
function requestEncoding(request: IncomingMessage): Encoding | undefined {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase()
  if (type === 'application/x-protobuf') return 'protobuf'
  if (type === 'application/json') return 'json'
  return undefined
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const message =
        cause.code === 'EADDRINUSE'
          ? `${host}:${port} is in use`
          : `cannot listen on ${host}:${port}: ${cause.message}`
      reject(new OpsError('address_in_use', message, { cause }))
    })
    server.listen(port, host, resolve)
  })
}
