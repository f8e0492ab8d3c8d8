import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Config } from '../config.ts'
import type { ErrorCode } from '../errors.ts'
import { freeBytes } from '../event/free-bytes.ts'
import type { Encoding, Signal } from '../event/selected-event.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { createCors } from './cors.ts'
import type { Forward, HandleExport } from './export-request.ts'
import { type ReadBody, type RequestBody, readBody } from './read-body.ts'
import type { ReceiverBounds } from './receiver-bounds.ts'
import { writeAccepted, writeFailure } from './write-response.ts'

export type HandleExportConfig = Pick<Config, 'otlpMaxBodyBytes' | 'otlpCorsOrigins'>

/** What the receiver hands requests to. */
export interface NextHops {
  readonly handle: HandleExport
  /** Undefined when nothing is forwarded. */
  readonly forward: Forward | undefined
}

/** Answers one HTTP request of an OTLP exporter. Rejects only for the unexpected. */
export type HandleRequest = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** Metrics hold no upstream errors: they are taken only to be forwarded. */
type ReceivedSignal = Signal | 'metrics'

const signals: Readonly<Record<string, ReceivedSignal | undefined>> = {
  '/v1/traces': 'traces',
  '/v1/logs': 'logs',
  '/v1/metrics': 'metrics',
}
const readFailures: Record<Exclude<ReadBody['status'], 'body' | 'aborted'>, string> = {
  unsupported_encoding: 'Content-Encoding is none of gzip, deflate, zstd, identity',
  malformed_encoding: 'the body does not decode as its Content-Encoding says',
  body_too_large: 'the body is over the limit, as sent or after inflating',
  overloaded: 'too many bytes are under way',
}

export function createRequestHandler(
  config: HandleExportConfig,
  { budget, slots, gather, checkAccess }: ReceiverBounds,
  next: NextHops,
  metrics: Metrics,
  isStopping: () => boolean,
): HandleRequest {
  const handleCors = createCors(config.otlpCorsOrigins)

  return async (request, response) => {
    if (handleCors(request, response)) return
    const path = (request.url ?? '').split('?', 1)[0] ?? ''
    const signal = signalOf(path, next)
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
    const access = checkAccess(request.headers.authorization, 'ingest', client)
    if (access.status === 'unauthenticated') {
      return refuse('unauthenticated', 'a token is required', { 'www-authenticate': 'Bearer' })
    }
    if (access.status === 'forbidden') return refuse('forbidden', 'the token lacks the scope ingest')
    const { serviceNamespaces } = access

    if (!slots.take(client)) return refuse('too_many_requests', 'this client has too many requests under way')
    let heldBytes = 0
    let body: Uint8Array | undefined
    const releaseBody = (): void => {
      if (body === undefined) return
      const bytes = body.length
      freeBytes(body)
      body = undefined
      heldBytes -= bytes
      budget.release(bytes)
    }
    try {
      const read = await readBody(request, config.otlpMaxBodyBytes, budget, gather)
      if (read.status === 'aborted') {
        metrics.requests.inc({ signal, outcome: 'aborted' })
        response.destroy()
        return
      }
      if (read.status !== 'body') return refuse(read.status, readFailures[read.status])
      heldBytes = read.heldBytes
      const isInflated = read.body !== read.sent
      // Forwarding keeps what was sent.
      if (next.forward === undefined || isInflated) body = read.body
      if (next.forward === undefined && isInflated) {
        heldBytes -= read.sent.length
        budget.release(read.sent.length)
        freeBytes(read.sent)
      }
      metrics.receivedBytes.inc({ signal }, read.body.length)
      const forward = (): boolean => next.forward?.(payloadOf(path, request, read)) ?? true
      if (signal === 'metrics') {
        if (!forward()) return refuse('overloaded', 'the queue for forwarding is full')
        metrics.requests.inc({ signal, outcome: 'accepted' })
        return writeAccepted(response, encoding, 'traces', 0, '')
      }
      const outcome = await next.handle({
        signal,
        encoding,
        body: read.body,
        releaseBody,
        serviceNamespaces,
      })
      if (outcome.status === 'refused') return refuse(outcome.code, outcome.message)
      // Not before: a refused export comes again, and would be forwarded twice.
      forward()
      metrics.requests.inc({ signal, outcome: outcome.rejectedItems > 0 ? 'partial' : 'accepted' })
      writeAccepted(response, encoding, signal, outcome.rejectedItems, outcome.message)
    } finally {
      releaseBody()
      budget.release(heldBytes)
      slots.free(client)
    }
  }
}

function signalOf(path: string, next: NextHops): ReceivedSignal | undefined {
  const signal = Object.hasOwn(signals, path) ? signals[path] : undefined
  return signal === 'metrics' && next.forward === undefined ? undefined : signal
}

function payloadOf(path: string, request: IncomingMessage, { sent, contentEncoding }: RequestBody) {
  return { path, contentType: request.headers['content-type'] ?? '', contentEncoding, bytes: sent }
}

/** The encoding that Content-Type names, parameters such as charset aside. */
export function requestEncoding(request: IncomingMessage): Encoding | undefined {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase()
  if (type === 'application/x-protobuf') return 'protobuf'
  if (type === 'application/json') return 'json'
  return undefined
}
