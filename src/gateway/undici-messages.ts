/** What undici publishes on its diagnostics channels (undici docs, DiagnosticsChannel), as far as it is used. */
export interface UndiciRequest {
  readonly origin?: string | URL
  readonly path: string
  readonly method: string
  /** `name: value\r\n` lines before undici 6, then names and values in turn. */
  readonly headers?: string | readonly unknown[]
}
export interface RequestMessage {
  readonly request: UndiciRequest
}
export interface HeadersMessage extends RequestMessage {
  readonly response: { readonly statusCode: number; readonly headers: readonly unknown[] }
}
export interface ChunkMessage extends RequestMessage {
  readonly chunk: Uint8Array
}
export interface ErrorMessage extends RequestMessage {
  readonly error: unknown
}

/** Raw header names and values in turn (bytes or text) as an object; a repeated name keeps its last value. */
export function headersFromPairs(pairs: string | readonly unknown[] | undefined): Record<string, string> {
  const headers: Record<string, string> = Object.create(null)
  if (pairs === undefined || typeof pairs === 'string') return headers
  for (let index = 0; index + 1 < pairs.length; index += 2) {
    headers[String(pairs[index]).toLowerCase()] = String(pairs[index + 1])
  }
  return headers
}
