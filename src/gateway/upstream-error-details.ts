import type { Span } from '@opentelemetry/api'
import type { EmitMode } from './recording-settings.ts'
import type { Identifier, UpstreamContext } from './upstream-context.ts'

/** What the gateway knows of one failed attempt beyond the error at hand; everything else is read from that. */
export interface UpstreamErrorDetails {
  /** These override the request's context for this attempt. */
  readonly platform?: string | undefined
  readonly model?: string | undefined
  readonly upstreamModel?: string | undefined
  readonly operation?: string | undefined
  readonly stream?: boolean | undefined
  readonly accountId?: Identifier | undefined
  readonly accountName?: string | undefined

  /** http_error, request_error or stream_error by default; retry_exhausted or failover when the gateway says so. */
  readonly kind?: 'http_error' | 'request_error' | 'stream_error' | 'retry_exhausted' | 'failover' | undefined
  /** The answer had begun with a success status before it failed. */
  readonly midStream?: boolean | undefined
  readonly statusCode?: number | undefined
  readonly message?: string | undefined
  readonly errorType?: string | undefined
  readonly errorCode?: string | undefined
  readonly upstreamRequestId?: string | undefined
  readonly retryAfterMs?: number | undefined
  /** From 0. Default: the number of failed attempts before this one in the same request. */
  readonly attempt?: number | undefined

  readonly method?: string | undefined
  readonly url?: string | URL | undefined
  /** The body of the answer, if it was read already: text, bytes or what a client library parsed. */
  readonly responseBody?: unknown
  readonly responseHeaders?: object | undefined
  readonly requestHeaders?: object | undefined
  /** Sent only with `requestBodies` on. */
  readonly requestBody?: unknown

  /** `performance.now()` when the attempt began. */
  readonly startedAt?: number | undefined
  readonly latencyMs?: number | undefined
  readonly timeToFirstTokenMs?: number | undefined

  /** The attempt's own CLIENT span, still open. Default: one is made. */
  readonly span?: Span | undefined
  readonly emit?: EmitMode | undefined
  /** Default: the context of the request that is being served here. */
  readonly context?: UpstreamContext | undefined
}
