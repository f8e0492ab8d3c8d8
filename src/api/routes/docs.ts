import type { FastifyPluginAsync } from 'fastify'
import { type ApiDocument, docsPage } from '../docs-page.ts'

/** `GET /api/openapi.json`, and `GET /api/docs` for people: one page without scripts that needs nothing from elsewhere. */
export const docsRoutes: FastifyPluginAsync = async (app) => {
  app.get('/api/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  app.get('/api/docs', { schema: { hide: true } }, async (_request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header(
        'content-security-policy',
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      )
      .header('x-content-type-options', 'nosniff')
      .send(docsPage(app.swagger() as unknown as ApiDocument)),
  )
}
