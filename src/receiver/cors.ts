import type { IncomingMessage, ServerResponse } from 'node:http'

/** Request headers that browser exporters send. */
const allowedHeaders = 'content-type, content-encoding, authorization'
const maxAgeSeconds = 86_400

/**
 * Cross-origin access for the browser exporters of these origins; without any, browsers are left to their own rule,
 * which is to refuse. `*` allows all origins.
 * @returns true when the request was a preflight, which is answered here.
 */
export type HandleCors = (request: IncomingMessage, response: ServerResponse) => boolean

export function createCors(origins: readonly string[]): HandleCors {
  if (origins.length === 0) return () => false
  const all = origins.includes('*')
  return (request, response) => {
    const { origin } = request.headers
    response.setHeader('vary', 'origin')
    if (origin !== undefined && (all || origins.includes(origin)))
      response.setHeader('access-control-allow-origin', origin)
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined)
      return false
    response.writeHead(204, {
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': allowedHeaders,
      'access-control-max-age': String(maxAgeSeconds),
    })
    response.end()
    return true
  }
}
