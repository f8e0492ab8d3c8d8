import type { ServerResponse } from 'node:http'
import { type ErrorCode, errorCatalogue } from '../errors.ts'
import type { Encoding, Signal } from '../event/selected-event.ts'
import { retryAfterSeconds } from '../retry-after-seconds.ts'
import { encodeExportResponse, encodeStatus } from './otlp-response.ts'

const contentTypes: Record<Encoding, string> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
}

/** A full or partial success, in the encoding of the request. */
export function writeAccepted(
  response: ServerResponse,
  encoding: Encoding,
  signal: Signal,
  rejectedItems: number,
  message: string,
): void {
  send(response, 200, encoding, encodeExportResponse(encoding, signal, rejectedItems, message))
}

/**
 * A failure as `google.rpc.Status` in the encoding of the request. The status codes that OTLP clients repeat
 * (429, 502, 503, 504) carry `Retry-After`, spread so that refused clients do not come back together.
 */
export function writeFailure(
  response: ServerResponse,
  encoding: Encoding,
  code: ErrorCode,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const status: number = errorCatalogue[code].status
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  if (status === 429 || status === 503) response.setHeader('retry-after', String(retryAfterSeconds(code)))
  send(response, status, encoding, encodeStatus(encoding, status, `${code}: ${message}`))
}

function send(response: ServerResponse, status: number, encoding: Encoding, body: Buffer): void {
  if (response.headersSent || response.destroyed) return
  response.writeHead(status, { 'content-type': contentTypes[encoding], 'content-length': body.length })
  response.end(body)
}
