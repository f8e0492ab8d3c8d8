import { retryAfterMs } from '../retry-after.ts'
import { anthropic } from './anthropic.ts'
import { antigravity } from './antigravity.ts'
import { azureOpenai } from './azure-openai.ts'
import { bedrock } from './bedrock.ts'
import { canonicalPlatform } from './canonical-platform.ts'
import { categorize, isRetryable } from './categorize.ts'
import { deepseek } from './deepseek.ts'
import { readErrorBody } from './error-body.ts'
import { gemini } from './gemini.ts'
import { openai } from './openai.ts'
import { openaiCompatible } from './openai-compatible.ts'
import { openrouter } from './openrouter.ts'
import type { ProviderError, ProviderFailure } from './provider-error.ts'
import type { ProviderParser } from './provider-parser.ts'
import { boundedText } from './text-limit.ts'
import { xai } from './xai.ts'

const maxNameChars = 256
const maxMessageChars = 8192

const parsers: ReadonlyMap<string, ProviderParser> = new Map([
  ['openai', openai],
  ['anthropic', anthropic],
  ['gemini', gemini],
  ['vertex', gemini],
  ['antigravity', antigravity],
  ['azure_openai', azureOpenai],
  ['bedrock', bedrock],
  ['openrouter', openrouter],
  ['deepseek', deepseek],
  ['xai', xai],
])

/**
 * Reads one upstream failure by its platform's parser, or by the OpenAI-compatible one where the platform is unknown;
 * what they do not find comes from the event's own fields, the status and the text. Never throws, linear in time.
 */
export function parseProviderError(failure: ProviderFailure): ProviderError {
  const parser = parsers.get(canonicalPlatform(failure.platform)) ?? openaiCompatible
  const { json, text } = readErrorBody(failure.body, failure.message)
  const reading = parser.read(json, failure)
  const type = reading.type || failure.errorType
  const message = reading.message || text || failure.message || rawText(failure)
  const isAnswered = failure.statusCode >= 200 && failure.statusCode < 300
  const verdict = categorize({
    type,
    code: reading.code || failure.errorCode,
    message,
    category: reading.category,
    status: failure.statusCode >= 400 ? failure.statusCode : reading.bodyStatus,
    kind: failure.kind,
    isAnswered,
  })
  return {
    type: boundedText(type, maxNameChars),
    code: boundedText(reading.code || failure.errorCode || (verdict.clientError?.code ?? ''), maxNameChars),
    message: boundedText(message, maxMessageChars),
    category: verdict.category,
    retryable: shouldRetry(failure) ?? reading.retryable ?? isRetryable(verdict),
    retryAfterMs: retryAfterMs({
      headers: failure.headers,
      bodyMs: reading.retryAfterMs,
      message,
      nowMs: failure.nowMs,
    }),
    upstreamRequestId: boundedText(
      requestIdOf(parser, failure) || reading.requestId || requestIdIn(message),
      maxNameChars,
    ),
  }
}

/** A body in no known shape is better than no message, unless it may be an answer that the model had begun. */
function rawText({ statusCode, body }: ProviderFailure): string {
  return statusCode >= 400 ? body.slice(0, maxMessageChars).trim() : ''
}

/** `x-should-retry`, by which OpenAI and Anthropic overrule their own SDKs' rules. */
function shouldRetry({ headers }: ProviderFailure): boolean | undefined {
  const word = headers.get('x-should-retry')
  return word === 'true' ? true : word === 'false' ? false : undefined
}

function requestIdOf(parser: ProviderParser, { headers }: ProviderFailure): string {
  for (const name of parser.requestIdHeaders) {
    const id = headers.get(name)?.trim()
    if (id !== undefined && id !== '') return id
  }
  return ''
}

/** "… include the request ID req_abc in your message" (OpenAI), "(request id: 2025…)" (one-api, new-api). */
function requestIdIn(message: string): string {
  const text = message.length > maxMessageChars ? message.slice(0, maxMessageChars) : message
  return /request.?id:? ([\w-]{8,64})/i.exec(text)?.[1] ?? ''
}
