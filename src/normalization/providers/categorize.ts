import type { ErrorCategory, ErrorKind } from '../../event/upstream-error-event.ts'
import { type ClientError, clientErrorOf } from './client-error.ts'
import { categoryOfPhrases } from './error-phrases.ts'
import { errorTerms } from './error-terms.ts'

export interface ErrorEvidence {
  readonly type: string
  readonly code: string
  readonly message: string
  /** The parser's verdict, '' = none. */
  readonly category: ErrorCategory | ''
  /** HTTP status, or the one that the body claims inside a 2xx; 0 = none. */
  readonly status: number
  readonly kind: ErrorKind | ''
  /** Whether the provider began to answer. */
  readonly isAnswered: boolean
}

export interface Verdict {
  readonly category: ErrorCategory
  readonly clientError: ClientError | undefined
}

const certain: ReadonlySet<ErrorCategory> = new Set(['quota_exhausted', 'content_blocked', 'overloaded'])
const strong: ReadonlySet<ErrorCategory> = new Set(['rate_limited', 'auth', 'timeout'])

const notRetryable: ReadonlySet<ErrorCategory> = new Set([
  'quota_exhausted',
  'auth',
  'invalid_request',
  'content_blocked',
  'unknown',
])

/**
 * Weighs the evidence, from what only one cause explains to what many do: a parser's verdict and unmistakable terms;
 * the message's wording, since a used-up balance also comes as `invalid_request_error` or a plain 403; terms that name
 * a cause; the status; terms that name none; how the connection failed.
 */
export function categorize(evidence: ErrorEvidence): Verdict {
  const { type, code, message, status, kind, isAnswered } = evidence
  if (evidence.category !== '') return { category: evidence.category, clientError: undefined }
  const term = categoryOfTerm(code, type)
  if (term !== '' && certain.has(term)) return { category: term, clientError: undefined }
  const phrase = categoryOfPhrases(message, status)
  if (phrase !== '') return { category: phrase, clientError: undefined }
  if (term !== '' && strong.has(term)) return withoutAnswer(term, evidence)
  if (status >= 400) return { category: categoryOfStatus(status), clientError: undefined }
  if (term !== '' && !strong.has(term)) return { category: term, clientError: undefined }
  const clientError = clientErrorOf(type, code, message)
  if (kind === 'stream_error' || (isAnswered && clientError !== undefined)) {
    return { category: 'stream_interrupted', clientError }
  }
  if (clientError !== undefined) return { category: clientError.category, clientError }
  return { category: kind === 'request_error' && !isAnswered ? 'network' : 'unknown', clientError }
}

export function isRetryable({ category, clientError }: Verdict): boolean {
  return !notRetryable.has(category) && (clientError === undefined || clientError.retryable)
}

/** A client's own `timeout` before any answer still wants its system code (`ETIMEDOUT`). */
function withoutAnswer(
  term: ErrorCategory,
  { type, code, message, isAnswered, kind }: ErrorEvidence,
): Verdict {
  if (term !== 'timeout' || isAnswered) return { category: term, clientError: undefined }
  const category = kind === 'stream_error' ? 'stream_interrupted' : term
  return { category, clientError: clientErrorOf(type, code, message) }
}

function categoryOfTerm(code: string, type: string): ErrorCategory | '' {
  const byCode = errorTerms.get(code.toLowerCase()) ?? ''
  const byType = errorTerms.get(lastSegment(type).toLowerCase()) ?? ''
  if (byCode === '' || byType === '') return byCode || byType
  return rank(byType) > rank(byCode) ? byType : byCode
}

function rank(category: ErrorCategory): number {
  if (certain.has(category)) return 2
  return strong.has(category) ? 1 : 0
}

/** `openai.RateLimitError` → `RateLimitError`: SDK exceptions name their module. */
function lastSegment(type: string): string {
  return type.slice(type.lastIndexOf('.') + 1)
}

function categoryOfStatus(status: number): ErrorCategory {
  switch (status) {
    case 401:
    case 403:
    case 407:
      return 'auth'
    case 402:
      return 'quota_exhausted'
    case 408:
    case 504:
    case 522: // Cloudflare: connection to the origin timed out
    case 524: // Cloudflare: the origin did not answer in time
      return 'timeout'
    case 429:
      return 'rate_limited'
    case 499: // nginx and Google: the caller hung up
      return 'unknown'
    case 503:
    case 529:
      return 'overloaded'
    default:
      return status >= 500 ? 'server_error' : 'invalid_request'
  }
}
