import { type HeadersLike, headerValue } from './headers-like.ts'

/** What an error at hand tells, whatever library made it. Nothing here is redacted yet. */
export interface ErrorFacts {
  /** 0 = there was no answer. */
  readonly statusCode: number
  readonly headers?: HeadersLike | undefined
  readonly body?: unknown
  readonly message?: string | undefined
  /** Class or type of an error without an answer. */
  readonly errorType?: string | undefined
  /** Code of an error without an answer: ECONNRESET, UND_ERR_SOCKET, … */
  readonly errorCode?: string | undefined
  readonly upstreamRequestId?: string | undefined
  readonly url?: string | undefined
  /** The answer had begun when the error came. */
  readonly midStream?: boolean | undefined
}

type Fields = Readonly<Record<string, unknown>>

/**
 * Reads an error of fetch, undici, axios, got, ky, the OpenAI, Anthropic, Google and AWS SDKs, or node itself by its
 * shape. Bodies that are still unread are left alone. Never throws for odd shapes.
 */
export function describeError(error: unknown): ErrorFacts {
  if (!isFields(error)) return { statusCode: 0, message: error === undefined ? '' : String(error) }
  if (isAnswer(error)) return fromAnswer(error)
  const response = error.response
  if (isFields(response)) return withError(fromAnswer(response), error)
  if (isFields(error.$metadata)) return fromAwsError(error, error.$metadata)
  if (statusOf(error) > 0) return fromStatusError(error)
  if (isFields(error.headers) && error.error !== undefined) return fromMidStreamError(error)
  return fromNetworkError(error)
}

/** True for what holds an HTTP answer itself: fetch's `Response`, or undici's `request()` result. */
function isAnswer(value: Fields): boolean {
  return !(value instanceof Error) && statusOf(value) > 0 && isFields(value.headers)
}

function fromAnswer(answer: Fields): ErrorFacts {
  const headers = headersOf(answer.headers)
  const body = answer.data ?? answer.body
  return {
    statusCode: statusOf(answer),
    headers,
    body: isStream(body) ? undefined : body,
    url: textOf(answer.url),
  }
}

/** axios, got and ky wrap the answer in an Error. */
function withError(facts: ErrorFacts, error: Fields): ErrorFacts {
  const config = error.config
  const url =
    facts.url ?? (isFields(config) ? joinUrl(textOf(config.baseURL), textOf(config.url)) : undefined)
  return { ...facts, url, message: textOf(error.message) }
}

/** AWS SDK v3: the name is the exception's type, the ids are in `$metadata`. */
function fromAwsError(error: Fields, metadata: Fields): ErrorFacts {
  const statusCode = typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : 0
  if (statusCode === 0) return fromNetworkError(error)
  const answer = error.$response
  return {
    statusCode,
    headers: isFields(answer) ? headersOf(answer.headers) : undefined,
    errorType: textOf(error.name),
    message: textOf(error.message),
    upstreamRequestId: textOf(metadata.requestId),
  }
}

/** OpenAI and Anthropic SDKs, undici's ResponseError, Google's ApiError (its message is the body). */
function fromStatusError(error: Fields): ErrorFacts {
  const message = textOf(error.message)
  const isBodyInMessage = message?.startsWith('{') === true || message?.startsWith('[') === true
  return {
    statusCode: statusOf(error),
    headers: headersOf(error.headers),
    body: parsedBody(error) ?? (isBodyInMessage ? message : undefined),
    message: isBodyInMessage ? undefined : message,
    upstreamRequestId: textOf(error.requestID) ?? textOf(error.request_id),
  }
}

/** The OpenAI and Anthropic SDKs throw an error without status, but with headers, for an error event in a stream. */
function fromMidStreamError(error: Fields): ErrorFacts {
  return { ...fromStatusError(error), statusCode: 200, midStream: true }
}

/** Anthropic's SDK keeps the whole body in `error`, OpenAI's only the `error` member of it. */
function parsedBody(error: Fields): unknown {
  const parsed = error.error ?? error.body ?? error.data
  if (isStream(parsed)) return undefined
  const isMember = isFields(parsed) && parsed === error.error && !('error' in parsed) && !('errors' in parsed)
  return isMember ? { error: parsed } : parsed
}

const maxCauses = 5

/** Client libraries wrap the socket's error several times; the innermost code says what happened. */
function fromNetworkError(error: Fields): ErrorFacts {
  let code = codeOf(error)
  let cause = error
  for (let depth = 0; depth < maxCauses; depth++) {
    const nested = cause.cause ?? firstOf(cause.errors)
    if (!isFields(nested)) break
    cause = nested
    code = codeOf(cause) ?? code
  }
  const message = textOf(error.message)
  const causeMessage = cause === error ? undefined : textOf(cause.message)
  return {
    statusCode: 0,
    errorType: code ?? typeName(error, cause),
    errorCode: code,
    message: causeMessage && causeMessage !== message ? `${message}: ${causeMessage}` : message,
  }
}

const generalNames: ReadonlySet<string> = new Set(['Error', 'TypeError', 'Object'])

/** A name that tells more than Error or TypeError, the outermost first. */
function typeName(error: Fields, cause: Fields): string | undefined {
  for (const candidate of [error, cause]) {
    for (const name of [textOf(candidate.name), constructorName(candidate)]) {
      if (name !== undefined && !generalNames.has(name)) return name
    }
  }
  return undefined
}

function constructorName(error: Fields): string | undefined {
  const made = error.constructor
  return typeof made === 'function' ? textOf(made.name) : undefined
}

/** True for an abort that the caller asked for: nothing went wrong upstream. A timeout is not one. */
export function isCallerAbort(error: unknown): boolean {
  if (!isFields(error)) return false
  if (error.name === 'AbortError' || error.name === 'APIUserAbortError') return true
  return error.code === 'UND_ERR_ABORTED' || error.code === 'ERR_CANCELED'
}

/** The platform's own request id, by the header names of providers.md. */
export function requestIdFromHeaders(headers: HeadersLike | undefined): string | undefined {
  for (const name of requestIdHeaders) {
    const value = headerValue(headers, name)
    if (value !== undefined && value !== '') return value
  }
  return undefined
}

export const requestIdHeaders = [
  'request-id',
  'x-request-id',
  'x-goog-request-id',
  'apim-request-id',
  'x-amzn-requestid',
  'x-ms-request-id',
  'xai-request-id',
  'x-generation-id',
  'x-oneapi-request-id',
  'x-ds-trace-id',
  'x-cloudaicompanion-trace-id',
  'anthropic-request-id',
  'x-amz-request-id',
] as const

function statusOf(value: Fields): number {
  const status = value.status ?? value.statusCode
  return typeof status === 'number' && status >= 100 && status <= 999 ? status : 0
}

function codeOf(value: Fields): string | undefined {
  const code = value.code
  return typeof code === 'string' && code !== '' ? code : undefined
}

function headersOf(value: unknown): HeadersLike | undefined {
  return isFields(value) ? (value as HeadersLike) : undefined
}

function isStream(value: unknown): boolean {
  return isFields(value) && (typeof value.getReader === 'function' || typeof value.pipe === 'function')
}

function firstOf(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : undefined
}

function joinUrl(base: string | undefined, url: string | undefined): string | undefined {
  if (url === undefined) return base
  return URL.parse(url, base)?.href ?? url
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}
