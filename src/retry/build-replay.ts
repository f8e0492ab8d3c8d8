import { randomBytes } from 'node:crypto'
import { OpsError } from '../errors.ts'
import { cutMarkerId, marker, markerOpening } from '../redaction/marker.ts'
import type { EventRow } from '../store/queries/event-columns.ts'
import { clientRequestIdOf, traceIdOf } from '../store/queries/retry-results.ts'
import { isHeader, type RetrySettings } from './retry-settings.ts'

/** The request to send again. */
export interface Replay {
  readonly method: string
  /** Of the configured gateway. */
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

export interface ReplayRequest {
  readonly attemptId: string
  /** '' = the gateway chooses. */
  readonly pinnedAccountId: string
  readonly credentials: ReadonlyMap<string, string>
}

/** Headers of the client that change what it gets. Never its credentials: those are not even stored. */
const replayedHeaders = [
  'accept',
  'accept-language',
  'anthropic-beta',
  'anthropic-version',
  'content-type',
  'openai-beta',
  'user-agent',
]
const methods = new Set(['POST', 'PUT', 'PATCH'])

/**
 * The stored request of a failed one, for the configured gateway. From the record come the path, the body and some
 * headers; whatever else it says about where it went is not looked at.
 * @throws OpsError `retry_body_missing`, `retry_body_truncated`, `retry_body_redacted`, `retry_path_refused`
 */
export function buildReplay(record: EventRow, settings: RetrySettings, request: ReplayRequest): Replay {
  const body = replayableBody(record)
  const url = replayUrl(String(record.request_path), settings)
  const method = String((record.attributes as Record<string, unknown>)['http.request.method'] ?? '')
  return {
    method: methods.has(method) ? method : 'POST',
    url,
    headers: {
      'content-type': 'application/json',
      ...storedHeaders(String(record.request_headers)),
      ...Object.fromEntries(request.credentials),
      ...(request.pinnedAccountId === '' ? {} : { [settings.accountHeader]: request.pinnedAccountId }),
      'accept-encoding': 'identity',
      'content-length': String(body.length),
      // The gateway's own records of this request are found by these.
      'x-client-request-id': clientRequestIdOf(request.attemptId),
      traceparent: `00-${traceIdOf(request.attemptId)}-${randomBytes(8).toString('hex')}-01`,
    },
    body,
  }
}

function replayableBody(record: EventRow): Buffer {
  const text = String(record.request_body)
  if (text === '') throw new OpsError('retry_body_missing', 'the record has no request body')
  const body = Buffer.from(text)
  if (record.request_body_truncated || text.includes(marker(cutMarkerId)))
    throw new OpsError('retry_body_truncated', 'the stored request body is cut off')
  if (text.includes(markerOpening))
    throw new OpsError('retry_body_redacted', 'secrets were taken out of the stored request body')
  if (Number(record.request_body_bytes ?? 0) > body.length)
    throw new OpsError('retry_body_truncated', `the stored request body is cut off at ${body.length} bytes`)
  return body
}

/**
 * A stored path behind the configured origin. It came with the events, and clients of the gateway choose it: it must
 * not lead to another host, nor to a route that the operator's credentials open and the client's do not. So it has to
 * begin with a configured path, as it is written, without anything that a server might read as another path.
 */
function replayUrl(path: string, { gateway, paths }: RetrySettings): URL {
  const refuse = (why: string) => new OpsError('retry_path_refused', `the path of the request ${why}`)
  if (path.includes(markerOpening)) throw refuse('had secrets, which were taken out')
  if (!/^\/(?!\/)[\x21-\x7e]*$/.test(path) || /[\\#]/.test(path)) throw refuse('is no plain path')
  const [pathname = ''] = path.split('?', 1)
  if (/\/\.{1,2}(?:\/|$)|%(?:2e|2f|5c|25|00)|\/\/|;/i.test(pathname))
    throw refuse('could be read as another one')
  if (!paths.some((prefix) => path.startsWith(prefix))) throw refuse('begins with none of OPS_RETRY_PATHS')
  const url = new URL(gateway.origin + gateway.pathname.replace(/\/+$/, '') + path)
  if (url.origin !== gateway.origin) throw refuse('leads to another host')
  return url
}

function storedHeaders(json: string): Record<string, string> {
  let stored: unknown
  try {
    stored = JSON.parse(json)
  } catch {
    return {}
  }
  const headers: Record<string, string> = {}
  for (const [name, given] of Object.entries(Object(stored))) {
    const lower = name.toLowerCase()
    const value = Array.isArray(given) ? given.join(', ') : String(given)
    if (!replayedHeaders.includes(lower) || value.includes(markerOpening)) continue
    if (isHeader(lower, value)) headers[lower] = value
  }
  return headers
}
