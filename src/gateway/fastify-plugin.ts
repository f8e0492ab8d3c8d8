import { type IncomingLike, type OutgoingLike, openRequest, type ParsedRequest } from './serve-request.ts'
import { type RequestFields, runInUpstreamContext } from './upstream-context.ts'

export interface FastifyRequestLike extends ParsedRequest {
  readonly id: string
  readonly ip: string
  readonly raw: IncomingLike
}
interface FastifyReplyLike {
  readonly raw: OutgoingLike
}
type Done = (error?: Error) => void
type Hook = (request: FastifyRequestLike, reply: FastifyReplyLike, done: Done) => void
export interface FastifyLike {
  addHook(name: 'onRequest', hook: Hook): unknown
}

export interface FastifyPluginOptions {
  /** More of the request, or other than the default. Called once per request, before its body is read. */
  readonly fields?: ((request: FastifyRequestLike) => RequestFields) | undefined
}

/** Fastify's own ids count per process (`req-1a`): no key to join rows on. */
const countedId = /^req-[0-9a-z]+$/

/**
 * Fastify plugin of the request side: `app.register(fastifyUpstreamErrors)`. Handlers and everything they call see
 * the request's `UpstreamContext`; the final error record is emitted when the answer is done.
 */
export function fastifyUpstreamErrors(fastify: FastifyLike, options: FastifyPluginOptions, done: Done): void {
  fastify.addHook('onRequest', (request, reply, next) => {
    const describe = () => ({
      requestId: countedId.test(request.id) ? undefined : request.id,
      clientIp: request.ip,
      ...options.fields?.(request),
    })
    const context = openRequest(request.raw, reply.raw, describe, request)
    runInUpstreamContext(context, next)
  })
  done()
}

/** Fastify's mark for plugins whose hooks apply to the whole instance instead of an encapsulated one. */
Object.assign(fastifyUpstreamErrors, { [Symbol.for('skip-override')]: true })
