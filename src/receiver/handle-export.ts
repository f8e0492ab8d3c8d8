import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Config } from '../config.ts'
import type { ErrorCode } from '../errors.ts'
import type { Encoding, Signal } from '../event/selected-event.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { createByteBudget } from './byte-budget.ts'
import { createClientSlots } from './client-slots.ts'
import type { HandleExport } from './export-request.ts'
import { type ReadBody, readBody } from './read-body.ts'
import { writeAccepted, writeFailure } from './write-response.ts'

export type HandleExportConfig = Pick<
  Config,
  'otlpMaxBodyBytes' | 'otlpMaxInFlightBytes' | 'otlpMaxClientRequests'
>

/** Answers one HTTP request of an OTLP exporter. Rejects only for the unexpected. */
export type HandleRequest = (request: IncomingMessage, response: ServerResponse) => Promise<void>

const signals: Readonly<Record<string, Signal | undefined>> = { '/v1/traces': 'traces', '/v1/logs': 'logs' }
const readFailures: Record<Exclude<ReadBody['status'], 'body' | 'aborted'>, string> = {
  unsupported_encoding: 'Content-Encoding is none of gzip, deflate, zstd, identity',
  malformed_encoding: 'the body does not decode as its Content-Encoding says',
  body_too_large: 'the body is over the limit, as sent or after inflating',
  overloaded: 'too many bytes are under way',
}

export function createRequestHandler(
  config: HandleExportConfig,
  next: HandleExport,
  metrics: Metrics,
  isStopping: () => boolean,
): HandleRequest {
  const budget = createByteBudget(config.otlpMaxInFlightBytes)
  const slots = createClientSlots(config.otlpMaxClientRequests)

  return async (request, response) => {
    const path = (request.url ?? '').split('?', 1)[0] ?? ''
    const signal = Object.hasOwn(signals, path) ? signals[path] : undefined
    const encoding = requestEncoding(request)

    const refuse = (code: ErrorCode, message: string, headers: Record<string, string> = {}): void => {
      metrics.requests.inc({ signal: signal ?? 'none', outcome: code })
      // A body that is not read to its end would be taken for the next request of the connection.
      const close: Record<string, string> = request.complete ? {} : { connection: 'close' }
      writeFailure(response, encoding ?? 'json', code, message, { ...headers, ...close })
    }

    if (signal === undefined)
      return refuse('not_found', `there is no ${path.slice(0, 100)}; POST /v1/traces or /v1/logs`)
    if (request.method !== 'POST') return refuse('method_not_allowed', 'use POST', { allow: 'POST' })
    if (encoding === undefined)
      return refuse('unsupported_media_type', 'send application/x-protobuf or application/json')
    if (isStopping()) return refuse('shutting_down', 'the receiver is shutting down')

    const client = request.socket.remoteAddress ?? ''
    if (!slots.take(client)) return refuse('too_many_requests', 'this client has too many requests under way')
    let heldBytes = 0
    try {
      const read = await readBody(request, config.otlpMaxBodyBytes, budget)
      if (read.status === 'aborted') {
        metrics.requests.inc({ signal, outcome: 'aborted' })
        response.destroy()
        return
      }
      if (read.status !== 'body') return refuse(read.status, readFailures[read.status])
      heldBytes = read.heldBytes
      metrics.receivedBytes.inc({ signal }, read.body.length)
      const outcome = await next({ signal, encoding, body: read.body })
      if (outcome.status === 'refused') return refuse(outcome.code, outcome.message)
      metrics.requests.inc({ signal, outcome: outcome.rejectedItems > 0 ? 'partial' : 'accepted' })
      writeAccepted(response, encoding, signal, outcome.rejectedItems, outcome.message)
    } finally {
      budget.release(heldBytes)
      slots.free(client)
    }
  }
}

/** The encoding that Content-Type names, parameters such as charset aside. */
export function requestEncoding(request: IncomingMessage): Encoding | undefined {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase()
  if (type === 'application/x-protobuf') return 'protobuf'
  if (type === 'application/json') return 'json'
  return undefined
}
