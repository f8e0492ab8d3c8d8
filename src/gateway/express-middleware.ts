import { type IncomingLike, type OutgoingLike, openRequest, type ParsedRequest } from './serve-request.ts'
import { type RequestFields, runInUpstreamContext } from './upstream-context.ts'

export interface ExpressRequestLike extends IncomingLike, ParsedRequest {
  readonly originalUrl?: string | undefined
  readonly ip?: string | undefined
}

export interface ExpressMiddlewareOptions<Request extends ExpressRequestLike> {
  /** More of the request, or other than the default. Called once per request. */
  readonly fields?: ((request: Request) => RequestFields) | undefined
}

/** Express middleware of the request side: `app.use(expressUpstreamErrors())`, before body parsers and routes. */
export function expressUpstreamErrors<Request extends ExpressRequestLike>(
  options: ExpressMiddlewareOptions<Request> = {},
): (request: Request, response: OutgoingLike, next: () => void) => void {
  return (request, response, next) => {
    const describe = () => ({
      path: request.originalUrl,
      clientIp: request.ip,
      ...options.fields?.(request),
    })
    const context = openRequest(request, response, describe, request)
    runInUpstreamContext(context, next)
  }
}
