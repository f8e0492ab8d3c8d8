import { commonRequestIdHeaders, readOpenaiCompatible } from './openai-compatible.ts'
import type { ProviderParser } from './provider-parser.ts'

/**
 * OpenAI. Types and codes are those of the shared table; what a 429 means is in `code`, as `type` may only say
 * `insufficient_quota`. A request larger than its whole limit is also a 429, and never fits.
 * Source: developers.openai.com, error codes.
 */
export const openai: ProviderParser = {
  read(body) {
    const reading = readOpenaiCompatible(body)
    if (reading.message.startsWith('Request too large for ')) reading.retryable = false
    return reading
  },
  requestIdHeaders: commonRequestIdHeaders,
}
