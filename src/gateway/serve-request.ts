import { randomUUID } from 'node:crypto'
import { endRequest } from './end-request.ts'
import {
  openUpstreamContext,
  type RequestFields,
  runInUpstreamContext,
  type UpstreamContext,
} from './upstream-context.ts'

/** What is used of node's `IncomingMessage` and `ServerResponse`; every Node framework has them. */
export interface IncomingLike {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly socket?: { readonly remoteAddress?: string | undefined } | undefined
}
export interface OutgoingLike {
  readonly statusCode: number
  once(event: 'close', listener: () => void): unknown
}

/**
 * Opens the context of one gateway request and ends it when its answer is done or its connection is gone.
 * `fields` precede what the request itself tells. For frameworks without an adapter here, and for node:http.
 */
export function openRequest(
  request: IncomingLike,
  response: OutgoingLike,
  fields: RequestFields,
): UpstreamContext {
  const headers = request.headers
  const context = openUpstreamContext(fields)
  context.requestId ??= randomUUID()
  context.clientRequestId ??= textOf(headers['x-client-request-id']) ?? textOf(headers['x-request-id'])
  context.method ??= request.method
  context.path ??= request.url
  context.clientIp ??= request.socket?.remoteAddress
  context.userAgent ??= headers['user-agent'] as string | undefined
  context.requestHeaders = headers
  // 'close' comes after every answer, also after one that was cut off; 'finish' does not.
  response.once('close', () => endRequest(context, response.statusCode))
  return context
}

/** Serves one request of node:http within its context: `createServer((req, res) => serveRequest(req, res, {}, …))`. */
export function serveRequest<Result>(
  request: IncomingLike,
  response: OutgoingLike,
  fields: RequestFields,
  work: () => Result,
): Result {
  return runInUpstreamContext(openRequest(request, response, fields), work)
}

function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}
