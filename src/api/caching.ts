import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { TimeRange } from '../store/time-range.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers carry an `ETag`, and a matching `If-None-Match` is answered 304. */
    readonly conditional?: boolean
  }
}

const isRelative = (text: unknown): boolean => text === undefined || String(text).startsWith('now')
const closedAfterMs = 5 * 60_000
const maxAgeSeconds = 60

/**
 * Says how long an answer may be reused: for a range of absolute times that ended some minutes ago, a minute, as events
 * can still arrive late; otherwise not without asking.
 */
export function setCaching(
  reply: FastifyReply,
  query: { readonly from?: unknown; readonly to?: unknown },
  range: TimeRange,
): void {
  const closed = !isRelative(query.from) && !isRelative(query.to) && range.toMs < Date.now() - closedAfterMs
  reply.header('cache-control', closed ? `private, max-age=${maxAgeSeconds}` : 'private, no-cache')
}

/** Adds `ETag` to the answers of routes with `config.conditional`. */
export function addConditionalAnswers(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload) => {
    if (!request.routeOptions.config.conditional || reply.statusCode !== 200 || typeof payload !== 'string')
      return payload
    const etag = `"${createHash('sha256').update(payload).digest('base64url').slice(0, 22)}"`
    reply.header('etag', etag)
    if (!matches(request.headers['if-none-match'], etag)) return payload
    reply.code(304)
    reply.removeHeader('content-length')
    reply.removeHeader('content-type')
    return ''
  })
}

function matches(header: string | undefined, etag: string): boolean {
  return (header ?? '').split(',').some((item) => item.trim().replace(/^W\//, '') === etag)
}
