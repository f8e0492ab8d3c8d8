export const traceIdSize = 16
export const spanIdSize = 8

const zeros = '0'.repeat(2 * traceIdSize)

/**
 * An id from lowercase hex; '' for all zeros, which OTLP calls invalid.
 * Source: trace.proto, `trace_id` and `span_id`.
 */
export function idFromHex(hex: string): string {
  return hex.startsWith('0') && zeros.startsWith(hex) ? '' : hex
}

/** An id from text that a client sent, in either case; '' unless it is hex of `size` bytes. */
export function idFromText(text: string, size: number): string {
  return text.length === 2 * size && /^[0-9a-fA-F]+$/.test(text) ? idFromHex(text.toLowerCase()) : ''
}
