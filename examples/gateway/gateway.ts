import Fastify, { type FastifyInstance } from 'fastify'
// In a project of your own: from 'ops-sidecar/gateway'.
import { failRequest, fastifyUpstreamErrors, setRequestFields, timeStage } from '../../src/gateway/index.ts'
import { callWithFailover, clientKeyId, type GatewayBody } from './failover.ts'
import { platformsAt } from './platforms.ts'

/**
 * A small LLM gateway: `POST /:platform` goes to the platform's first account, and to the next one after a failure
 * that another account may not have.
 */
export function createGateway(options: { readonly upstreamBaseUrl: string }): FastifyInstance {
  const platforms = platformsAt(options.upstreamBaseUrl)
  const app = Fastify()
  app.register(fastifyUpstreamErrors, {
    fields: (request) => ({
      apiKeyId: clientKeyId(request.raw.headers.authorization),
      userId: 7,
      groupId: 1,
    }),
  })
  app.get('/healthz', () => ({ status: 'ok' }))
  app.post<{ Params: { platform: string }; Body: GatewayBody }>('/:platform', async (request, reply) => {
    const platform = platforms.get(request.params.platform)
    if (platform === undefined) {
      failRequest({ phase: 'routing', message: 'no such platform' })
      return reply.code(404).send({ error: { message: 'no such platform' } })
    }
    const body = request.body ?? {}
    setRequestFields({
      platform: platform.name,
      model: body.model,
      stream: body.stream === true,
      operation: 'chat',
    })
    const answer = await timeStage('upstream', () => callWithFailover(platform, body))
    if (answer === undefined) {
      const error = { message: 'no account could serve this request' }
      failRequest({ body: { error } })
      return reply.code(502).send({ error })
    }
    reply.code(answer.status)
    reply.header('content-type', answer.headers.get('content-type') ?? 'application/json')
    return reply.send(answer.body ?? '')
  })
  return app
}
