import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import express, { type Express } from 'express'
// In a project of your own: from 'ops-sidecar/gateway'.
import { expressUpstreamErrors, failRequest, setRequestFields, timeStage } from '../../src/gateway/index.ts'
import { callWithFailover, clientKeyId, type GatewayBody } from '../gateway/failover.ts'
import { platformsAt } from '../gateway/platforms.ts'

/** The gateway of `examples/gateway` on Express. */
export function createExpressGateway(options: { readonly upstreamBaseUrl: string }): Express {
  const platforms = platformsAt(options.upstreamBaseUrl)
  const app = express()
  app.use(
    expressUpstreamErrors({
      fields: (request) => ({ apiKeyId: clientKeyId(request.headers.authorization), userId: 7, groupId: 1 }),
    }),
  )
  app.use(express.json())
  app.post('/:platform', async (request, response) => {
    const platform = platforms.get(request.params.platform)
    if (platform === undefined) {
      failRequest({ phase: 'routing', message: 'no such platform' })
      response.status(404).json({ error: { message: 'no such platform' } })
      return
    }
    const body = (request.body ?? {}) as GatewayBody
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
      response.status(502).json({ error })
      return
    }
    response.status(answer.status).type(answer.headers.get('content-type') ?? 'application/json')
    // A stream that breaks is recorded by the instrumented fetch, and ends the client's connection.
    await pipeline(Readable.fromWeb(answer.body as ReadableStream), response).catch(() => undefined)
  })
  return app
}
