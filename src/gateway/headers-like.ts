/** Headers as HTTP clients hand them out: fetch's `Headers`, or an object of text or lists of text. */
export type HeadersLike =
  | { get(name: string): unknown; forEach(callback: (value: string, name: string) => void): void }
  | Readonly<Record<string, unknown>>

/** The value of one header, or undefined. `name` is lowercase. */
export function headerValue(headers: HeadersLike | undefined, name: string): string | undefined {
  if (headers === undefined) return undefined
  if (isHeaders(headers)) return stringOf(headers.get(name))
  for (const key in headers) {
    if (key.length === name.length && key.toLowerCase() === name) return stringOf(headers[key])
  }
  return undefined
}

/** Calls back with each header, its name in lowercase. */
export function eachHeader(headers: HeadersLike, callback: (name: string, value: string) => void): void {
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
