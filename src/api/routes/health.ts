import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Readiness } from '../readiness.ts'

const readinessSchema = Type.Object({
  status: Type.Union([Type.Literal('ready'), Type.Literal('not_ready')]),
  checks: Type.Record(
    Type.String(),
    Type.Object({ ok: Type.Boolean(), reason: Type.Union([Type.String(), Type.Null()]) }),
  ),
})

/** `GET /healthz`: the process lives. `GET /readyz`: it can do its work, and if not, why. */
export function healthRoutes(readiness: () => Promise<Readiness>): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/healthz',
      {
        schema: {
          tags: ['operations'],
          summary: 'Liveness',
          response: { 200: Type.Object({ status: Type.Literal('ok') }) },
        },
      },
      async () => ({ status: 'ok' as const }),
    )
    app.get(
      '/readyz',
      {
        schema: {
          tags: ['operations'],
          summary: 'Readiness, with what is wrong',
          response: { 200: readinessSchema, 503: readinessSchema },
        },
      },
      async (_request, reply) => {
        const checks = await readiness()
        const ready = Object.values(checks).every((check) => check.ok)
        return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not_ready', checks })
      },
    )
  }
}
