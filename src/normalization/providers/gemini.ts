import { isAnthropicError, readAnthropic } from './anthropic.ts'
import { readGoogleError } from './google-error.ts'
import { isJsonObject } from './json-object.ts'
import { readOpenaiCompatible } from './openai-compatible.ts'
import type { ProviderParser } from './provider-parser.ts'

/** Gemini and Vertex AI. Models of other makers on Vertex answer in their maker's shape. */
export const gemini: ProviderParser = {
  read(body) {
    if (isAnthropicError(body)) return readAnthropic(body)
    const { error } = body
    return isJsonObject(error) && error.type === undefined
      ? readGoogleError(body)
      : readOpenaiCompatible(body)
  },
  requestIdHeaders: ['x-goog-request-id', 'x-request-id', 'request-id', 'x-oneapi-request-id'],
}
