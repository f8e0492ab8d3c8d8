import Fastify, { type FastifyInstance } from 'fastify'
// In a project of your own: from 'ops-sidecar/gateway'.
import {
  failRequest,
  fastifyUpstreamErrors,
  instrumentFetch,
  setRequestFields,
  timeStage,
} from '../../src/gateway/index.ts'
import { platformsAt, type UpstreamPlatform } from './platforms.ts'

interface GatewayBody {
  readonly model?: string
  readonly stream?: boolean
}

/** Failed attempts are recorded inside this fetch; the rest of the gateway is as it would be without. */
const upstreamFetch = instrumentFetch(fetch)

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

/** The first good answer; else the last failed one; undefined if no account gave any. */
async function callWithFailover(
  platform: UpstreamPlatform,
  body: GatewayBody,
): Promise<Response | undefined> {
  let failed: Response | undefined
  for (const account of platform.accounts) {
    setRequestFields({ accountId: account.id, accountName: account.name })
    try {
      const answer = await upstreamFetch(platform.url(body.model ?? 'unknown', body.stream === true), {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...platform.headers(account) },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(10_000),
      })
      if (answer.status !== 429 && answer.status < 500) return answer
      await failed?.body?.cancel()
      failed = answer
    } catch {
      // No answer: recorded by the instrumented fetch; the next account may have better luck.
    }
  }
  return failed
}

/** A real gateway looks the key up. What is recorded is its id, never the key. */
function clientKeyId(authorization: string | string[] | undefined): number | undefined {
  return authorization === 'Bearer demo-client-key' ? 31 : undefined
}
