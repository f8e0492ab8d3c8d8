/**
 * The message in an error body of the usual shapes, for the request's own record; undefined where there is none.
 * The sidecar's parsers read the attempts' bodies in full: this is only the summary.
 */
export function errorMessageIn(body: string | undefined): string | undefined {
  if (body === undefined || !/^\s*[{[]/.test(body)) return undefined
  try {
    const parsed: unknown = JSON.parse(body)
    return messageOf(Array.isArray(parsed) ? parsed[0] : parsed)
  } catch {
    return undefined
  }
}

function messageOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { error, message } = value as { error?: unknown; message?: unknown }
  // Fastify has both as text, and the message tells more: `{"error":"Internal Server Error","message":"…"}`.
  return messageOf(error) ?? textOf(message) ?? textOf(error)
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
