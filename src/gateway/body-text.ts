import type { RecordingSettings } from './recording-settings.ts'

export interface BoundedBody {
  readonly text: string
  /** Size of the whole body in bytes, as far as it is known. */
  readonly sizeBytes: number
  readonly truncated: boolean
}

/**
 * Redaction sees this much more than is kept, so that a secret which the cut would halve is still recognized.
 */
const redactionMarginBytes = 4_096

/**
 * A body as it may leave the process: redacted, then cut to the configured size on a character boundary.
 * Objects (bodies that a client library parsed) become JSON.
 */
export function boundedBody(
  body: unknown,
  settings: RecordingSettings,
  knownSizeBytes = 0,
): BoundedBody | undefined {
  const limit = settings.maxBodyBytes
  const window = windowOf(body, limit + redactionMarginBytes)
  if (window === undefined || window.text === '') return undefined
  const redacted = cut(settings.redaction.body(window.text), limit)
  const sizeBytes = Math.max(window.sizeBytes, knownSizeBytes)
  return { text: redacted, sizeBytes, truncated: sizeBytes > limit }
}

/** How many bytes of an unread body are worth reading. */
export function readLimitBytes(settings: RecordingSettings): number {
  return settings.maxBodyBytes + redactionMarginBytes
}

function windowOf(body: unknown, maxBytes: number): { text: string; sizeBytes: number } | undefined {
  if (body === undefined || body === null || typeof body === 'function') return undefined
  if (body instanceof Uint8Array) return { text: decode(body, maxBytes), sizeBytes: body.byteLength }
  if (body instanceof ArrayBuffer) return windowOf(new Uint8Array(body), maxBytes)
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  if (text === undefined) return undefined
  return { text: cut(text, maxBytes), sizeBytes: Buffer.byteLength(text) }
}

function cut(text: string, maxBytes: number): string {
  // A UTF-16 unit is at most 3 bytes of UTF-8.
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return text
  return decode(Buffer.from(text.slice(0, maxBytes)), maxBytes)
}

/** `stream: true` holds an incomplete last character back instead of replacing it. */
function decode(bytes: Uint8Array, maxBytes: number): string {
  if (bytes.byteLength <= maxBytes) return new TextDecoder().decode(bytes)
  return new TextDecoder().decode(bytes.subarray(0, maxBytes), { stream: true })
}
