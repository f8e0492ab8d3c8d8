/**
 * Headers in the format of OTEL_EXPORTER_OTLP_HEADERS: `key=value,key=value`, values percent-encoded.
 * Source: https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 * @returns undefined for text that is not of that format.
 */
export function parseHeaders(text: string): Record<string, string> | undefined {
  const headers: Record<string, string> = {}
  for (const pair of text.split(',')) {
    if (pair.trim() === '') continue
    const match = /^\s*([!#$%&'*+.^_`|~\w-]+)\s*=(.*)$/.exec(pair)
    if (match?.[1] === undefined) return undefined
    try {
      headers[match[1].toLowerCase()] = decodeURIComponent((match[2] ?? '').trim())
    } catch {
      return undefined
    }
  }
  return headers
}
