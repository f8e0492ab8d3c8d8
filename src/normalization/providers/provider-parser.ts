import type { ErrorCategory } from '../../event/upstream-error-event.ts'
import type { JsonObject } from './json-object.ts'
import type { ProviderFailure } from './provider-error.ts'

/** What a platform's parser read from the body and headers; '' and 0 = nothing. */
export interface ProviderReading {
  type: string
  code: string
  message: string
  /** '' leaves the category to the rules that all platforms share. */
  category: ErrorCategory | ''
  /** The provider's own word on retrying; undefined = it gave none. */
  retryable: boolean | undefined
  retryAfterMs: number
  requestId: string
  /** HTTP status that the body claims, for errors inside an answer of another status. */
  bodyStatus: number
}

export interface ProviderParser {
  /** Never throws. `body` is `{}` when there was none to read. */
  readonly read: (body: JsonObject, failure: ProviderFailure) => ProviderReading
  /** Headers that carry the provider's request id, best first. */
  readonly requestIdHeaders: readonly string[]
}

export function emptyReading(): ProviderReading {
  return {
    type: '',
    code: '',
    message: '',
    category: '',
    retryable: undefined,
    retryAfterMs: 0,
    requestId: '',
    bodyStatus: 0,
  }
}
