import { commonRequestIdHeaders, readOpenaiCompatible } from './openai-compatible.ts'
import type { ProviderParser } from './provider-parser.ts'

/**
 * DeepSeek: OpenAI's shape, but the code says `invalid_request_error` for everything, a used-up balance (402)
 * included, so the status and the message decide. Source: platform.deepseek.com, error codes.
 */
export const deepseek: ProviderParser = {
  read: readOpenaiCompatible,
  requestIdHeaders: ['x-ds-trace-id', ...commonRequestIdHeaders],
}
