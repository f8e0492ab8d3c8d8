import type { Attributes } from '@opentelemetry/api'
import type { RecordingSettings } from './recording-settings.ts'

/** Headers as HTTP clients hand them out: fetch's `Headers`, or an object of text or lists of text. */
export type HeadersLike =
  | { get(name: string): unknown; forEach(callback: (value: string, name: string) => void): void }
  | Readonly<Record<string, unknown>>

/** Rate limits, retry hints and request ids of the providers (providers.md), and what tells a proxy's page apart. */
const keptNames = new Set([
  'apim-request-id',
  'cf-ray',
  'content-length',
  'content-type',
  'request-id',
  'retry-after',
  'retry-after-ms',
  'server',
  'via',
  'x-generation-id',
  'x-goog-request-id',
  'x-oneapi-request-id',
  'x-request-id',
  'x-should-retry',
  'xai-request-id',
  'anthropic-version',
  'anthropic-beta',
  'accept',
  'user-agent',
  'openai-processing-ms',
  'openai-version',
])
const keptPrefixes = [
  'x-ratelimit-',
  'ratelimit',
  'anthropic-ratelimit-',
  'x-ms-',
  'x-amzn-',
  'x-envoy-',
] as const

/** Adds one `http.*.header.<name>` attribute per header worth keeping, values as lists (semantic conventions). */
export function addHeaders(
  attributes: Attributes,
  prefix: string,
  headers: HeadersLike | undefined,
  settings: RecordingSettings,
): void {
  if (headers === undefined) return
  eachHeader(headers, (name, value) => {
    if (isStandard(name)) attributes[prefix + name] = [settings.redaction.text(value)]
    else if (settings.extraHeaders.has(name)) {
      attributes[prefix + name] = [settings.redaction.extraHeader(name, value)]
    }
  })
}

/** The value of one header, or undefined. `name` is lowercase. */
export function headerValue(headers: HeadersLike | undefined, name: string): string | undefined {
  if (headers === undefined) return undefined
  if (isHeaders(headers)) return stringOf(headers.get(name))
  for (const key in headers) {
    if (key.length === name.length && key.toLowerCase() === name) return stringOf(headers[key])
  }
  return undefined
}

function eachHeader(headers: HeadersLike, callback: (name: string, value: string) => void): void {
  if (isHeaders(headers)) {
    headers.forEach((value, name) => {
      callback(name.toLowerCase(), String(value))
    })
    return
  }
  for (const key of Object.keys(headers)) {
    const value = stringOf(headers[key])
    if (value !== undefined) callback(key.toLowerCase(), value)
  }
}

function isHeaders(headers: HeadersLike): headers is Extract<HeadersLike, { get(name: string): unknown }> {
  return typeof headers.get === 'function' && typeof headers.forEach === 'function'
}

function stringOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  if (Array.isArray(value)) return value.join(', ')
  return undefined
}

function isStandard(name: string): boolean {
  if (keptNames.has(name)) return true
  for (const prefix of keptPrefixes) if (name.startsWith(prefix)) return true
  return false
}
