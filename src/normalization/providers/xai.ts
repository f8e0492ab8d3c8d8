import type { ErrorCategory } from '../../event/upstream-error-event.ts'
import { commonRequestIdHeaders, readOpenaiCompatible } from './openai-compatible.ts'
import type { ProviderParser } from './provider-parser.ts'

/** xAI's codes are the descriptions of gRPC statuses. They decide where the status is missing, as in a stream. */
const descriptions: readonly (readonly [string, ErrorCategory])[] = [
  ['some resource has been exhausted', 'rate_limited'],
  ['the service is currently unavailable', 'overloaded'],
  ['the caller does not have permission', 'auth'],
  ['the request does not have valid authentication', 'auth'],
  ['unauthenticated', 'auth'],
  ['client specified an invalid argument', 'invalid_request'],
  ['some requested entity was not found', 'invalid_request'],
  ['deadline expired', 'timeout'],
  ['internal error', 'server_error'],
]

/** xAI: `{"code":"Some resource has been exhausted","error":"Your team …"}`, or OpenAI's shape. */
export const xai: ProviderParser = {
  read(body, failure) {
    const reading = readOpenaiCompatible(body)
    if (failure.statusCode >= 400 || reading.bodyStatus !== 0) return reading
    const code = reading.code.slice(0, 200).toLowerCase()
    reading.category = descriptions.find(([description]) => code.startsWith(description))?.[1] ?? ''
    return reading
  },
  requestIdHeaders: ['xai-request-id', ...commonRequestIdHeaders],
}
