import type { ErrorCategory, ErrorKind } from '../../event/upstream-error-event.ts'
import type { HeaderStrings } from '../headers.ts'

/** What a gateway said about one failed attempt; '' = not said. */
export interface ProviderFailure {
  /** As the gateway said it, in any spelling that `canonicalPlatform` knows. */
  readonly platform: string
  /** 0 = no answer. */
  readonly statusCode: number
  /** Response headers by lowercase name. */
  readonly headers: HeaderStrings
  /** Response body: JSON, SSE, HTML or plain text; possibly empty or cut off. */
  readonly body: string
  /** The event's `error.type`. */
  readonly errorType: string
  readonly errorCode: string
  /** Message of the exception or of the span's status. */
  readonly message: string
  readonly kind: ErrorKind | ''
  /** The event's own time in Unix ms: HTTP dates and absolute resets count from it. */
  readonly nowMs: number
}

/** What the failure means; '' and 0 = unknown. */
export interface ProviderError {
  type: string
  code: string
  message: string
  category: ErrorCategory
  retryable: boolean
  /** At most 30 days. */
  retryAfterMs: number
  upstreamRequestId: string
}
