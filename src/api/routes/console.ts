import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from 'typebox'
import { sendProblem } from '../problem.ts'

export interface ConsoleParts {
  /** Where its build is: `index.html` and `assets/`. */
  readonly directory: string
  /** Link to a trace, with `{trace_id}` and `{span_id}` in it; '' = none. */
  readonly traceUrlTemplate: string
  /** Where events are sent to, for the lines that the console shows while there are none. */
  readonly otlpPort: number
}

const configAnswer = Type.Object({
  version: Type.String(),
  trace_url_template: Type.Union([Type.String(), Type.Null()], {
    description: 'Link to a trace, with {trace_id} and {span_id} in it.',
  }),
  otlp_http_port: Type.Integer(),
})
export type ConsoleConfig = Static<typeof configAnswer>

/** Scripts, styles and data come from here only, and no text becomes HTML: what the console shows was sent by others. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

/** `GET /`: the web console, its files under `/assets/`, and what it has to know, `GET /api/v1/console-config`. */
export function consoleRoutes(parts: ConsoleParts, version: string): FastifyPluginAsyncTypebox {
  return async (app) => {
    await app.register(fastifyStatic, {
      serve: false,
      root: parts.directory,
      preCompressed: true,
      suppressWarning: true,
    })
    app.get('/', { schema: { hide: true } }, async (_request, reply) => {
      if (!existsSync(join(parts.directory, 'index.html')))
        return sendProblem(reply, 'not_found', 'the console is not built: npm run console:build')
      reply.header('content-security-policy', contentSecurityPolicy)
      return reply.sendFile('index.html', { cacheControl: true, maxAge: 0 })
    })
    app.get<{ Params: { '*': string } }>(
      '/assets/*',
      { schema: { hide: true } },
      // Their names hold a hash of their content.
      async (request, reply) =>
        reply.sendFile(`assets/${request.params['*']}`, { maxAge: '365d', immutable: true }),
    )
    app.get(
      '/api/v1/console-config',
      {
        schema: {
          operationId: 'getConsoleConfig',
          tags: ['operations'],
          summary: 'What the web console has to know of this sidecar',
          querystring: Type.Object({}, { additionalProperties: false }),
          response: { 200: configAnswer },
        },
      },
      async () => ({
        version,
        trace_url_template: parts.traceUrlTemplate || null,
        otlp_http_port: parts.otlpPort,
      }),
    )
  }
}
