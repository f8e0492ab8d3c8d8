import { gemini } from './gemini.ts'
import type { ProviderParser } from './provider-parser.ts'

/**
 * Antigravity, on Google's Cloud Code API: Gemini's errors for all models, with the reset of an allowance in
 * `ErrorInfo.metadata`; Claude models pass Anthropic's 529 and bodies on.
 */
export const antigravity: ProviderParser = {
  read: gemini.read,
  requestIdHeaders: ['x-cloudaicompanion-trace-id', ...gemini.requestIdHeaders],
}
