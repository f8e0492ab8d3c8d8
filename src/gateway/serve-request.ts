import { randomUUID } from 'node:crypto'
import { endRequest } from './end-request.ts'
import { guarded } from './guard.ts'
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
  end: (...args: never[]) => unknown
  getHeader(name: string): unknown
}
/** Where a framework keeps the body that it parsed. */
export interface ParsedRequest {
  readonly body?: unknown
}

/**
 * Opens the context of one gateway request and ends it when its answer is done or its connection is gone.
 * What `describe` says precedes what the request itself tells.
 */
export function openRequest(
  request: IncomingLike,
  response: OutgoingLike,
  describe: () => RequestFields,
  parsed: ParsedRequest | undefined,
): UpstreamContext {
  const headers = request.headers
  let fields: RequestFields | undefined
  guarded(() => {
    fields = describe()
  })
  const context = openUpstreamContext(fields)
  context.requestId ??= randomUUID()
  context.clientRequestId ??= textOf(headers['x-client-request-id']) ?? textOf(headers['x-request-id'])
  context.method ??= request.method
  context.path ??= request.url
  context.clientIp ??= request.socket?.remoteAddress
  context.userAgent ??= headers['user-agent'] as string | undefined
  context.requestHeaders = headers
  context.parsedRequest = parsed
  keepErrorAnswer(context, response)
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
  return runInUpstreamContext(
    openRequest(request, response, () => fields, undefined),
    work,
  )
}

/**
 * The body of an error answer comes whole with `end`, whatever the framework. A streamed or encoded one is not kept: the
 * last failed attempt tells what was in it.
 */
function keepErrorAnswer(context: UpstreamContext, response: OutgoingLike): void {
  const end = response.end
  response.end = (...args: never[]) => {
    guarded(() => {
      const [body] = args as unknown[]
      const isBody = typeof body === 'string' || body instanceof Uint8Array
      if (response.statusCode >= 400 && isBody && response.getHeader('content-encoding') === undefined)
        context.errorAnswer = body
    })
    return end.apply(response, args)
  }
}

function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}
