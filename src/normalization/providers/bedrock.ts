import type { ErrorCategory } from '../../event/upstream-error-event.ts'
import { isAnthropicError, readAnthropic } from './anthropic.ts'
import { isJsonObject, type JsonObject, statusAt, textAt } from './json-object.ts'
import type { ProviderFailure } from './provider-error.ts'
import { emptyReading, type ProviderParser, type ProviderReading } from './provider-parser.ts'

const categoryOfException: ReadonlyMap<string, ErrorCategory> = new Map([
  ['ThrottlingException', 'rate_limited'],
  ['TooManyRequestsException', 'rate_limited'],
  ['LimitExceededException', 'rate_limited'],
  ['ServiceQuotaExceededException', 'quota_exhausted'],
  ['ModelNotReadyException', 'overloaded'],
  ['ServiceUnavailableException', 'overloaded'],
  ['ModelTimeoutException', 'timeout'],
  ['ModelStreamErrorException', 'stream_interrupted'],
  ['InternalServerException', 'server_error'],
  ['InternalFailure', 'server_error'],
  ['ValidationException', 'invalid_request'],
  ['ResourceNotFoundException', 'invalid_request'],
  ['ConflictException', 'invalid_request'],
  ['AccessDeniedException', 'auth'],
  ['UnrecognizedClientException', 'auth'],
  ['ExpiredTokenException', 'auth'],
  ['InvalidSignatureException', 'auth'],
  ['IncompleteSignature', 'auth'],
  ['MissingAuthenticationTokenException', 'auth'],
  ['NotAuthorized', 'auth'],
  ['OptInRequired', 'auth'],
])

/**
 * Bedrock: `{"message"}` with the exception's name in `x-amzn-errortype`, `__type` or `code`; in a stream, a member
 * of that name (`{"throttlingException":{"message"}}`). Names come with a namespace before `#` or an URI after `:`.
 * Sources: smithy.io, AWS restJson1; Bedrock runtime API model.
 */
export const bedrock: ProviderParser = {
  read(body, failure) {
    return isAnthropicError(body) ? readAnthropic(body) : readException(body, failure)
  },
  requestIdHeaders: ['x-amzn-requestid', 'x-amz-request-id', 'x-request-id', 'request-id'],
}

function readException(body: JsonObject, failure: ProviderFailure): ProviderReading {
  const [member, inner] = exceptionMember(body)
  const reading = emptyReading()
  reading.type = exceptionName(
    failure.headers.get('x-amzn-errortype') || textAt(inner, '__type') || member || textAt(inner, 'code'),
  )
  reading.message = textAt(inner, 'message') || textAt(inner, 'Message') || textAt(inner, 'errorMessage')
  const originalStatus = statusAt(inner, 'originalStatusCode')
  if (originalStatus !== 0) reading.code = String(originalStatus)
  reading.category = categoryOf(reading, originalStatus)
  return reading
}

function categoryOf({ type, message }: ProviderReading, originalStatus: number): ErrorCategory | '' {
  if (type === 'ThrottlingException' && /per day/i.test(message.slice(0, 1024))) return 'quota_exhausted'
  if (type !== 'ModelErrorException') return categoryOfException.get(type) ?? ''
  return originalStatus >= 400 && originalStatus < 500 ? 'invalid_request' : 'server_error'
}

function exceptionMember(body: JsonObject): readonly [string, JsonObject] {
  for (const name in body) {
    const value = body[name]
    if (name.endsWith('Exception') && isJsonObject(value)) return [name, value]
  }
  return ['', body]
}

function exceptionName(text: string): string {
  const afterNamespace = text.slice(text.indexOf('#') + 1)
  const colon = afterNamespace.indexOf(':')
  const name = (colon === -1 ? afterNamespace : afterNamespace.slice(0, colon)).trim()
  return name.charAt(0).toUpperCase() + name.slice(1)
}
