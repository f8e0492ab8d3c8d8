import type { Attributes } from '@opentelemetry/api'
import { requestIdHeaders } from './describe-error.ts'
import { eachHeader, type HeadersLike } from './headers-like.ts'
import type { RecordingSettings } from './recording-settings.ts'

/** Rate limits, retry hints and request ids of the providers (providers.md), and what tells a proxy's page apart. */
const keptNames = new Set([
  ...requestIdHeaders,
  'cf-ray',
  'content-length',
  'content-type',
  'retry-after',
  'retry-after-ms',
  'server',
  'via',
  'x-should-retry',
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

type Side = 'request' | 'response'

/**
 * Attribute names by header name; '' for headers that are not kept. Made once per name: to build and hash the same
 * names for every error costs more than all else that is done with headers.
 */
const attributeNames: Readonly<Record<Side, Map<string, string>>> = {
  request: new Map(),
  response: new Map(),
}
/** Names come from outside. */
const maxRememberedNames = 512

/** Adds one `http.*.header.<name>` attribute per header worth keeping, values as lists (semantic conventions). */
export function addHeaders(
  attributes: Attributes,
  side: Side,
  headers: HeadersLike | undefined,
  settings: RecordingSettings,
): void {
  if (headers === undefined) return
  const { redaction, extraHeaders } = settings
  eachHeader(headers, (name, value) => {
    const attributeName = attributeNames[side].get(name) ?? rememberName(side, name)
    if (attributeName !== '') attributes[attributeName] = [redaction.text(value)]
    else if (extraHeaders.has(name)) {
      attributes[`http.${side}.header.${name}`] = [redaction.extraHeader(name, value)]
    }
  })
}

function rememberName(side: Side, name: string): string {
  const attributeName = isStandard(name) ? `http.${side}.header.${name}` : ''
  if (attributeNames[side].size < maxRememberedNames) attributeNames[side].set(name, attributeName)
  return attributeName
}

function isStandard(name: string): boolean {
  return keptNames.has(name) || keptPrefixes.some((prefix) => name.startsWith(prefix))
}
