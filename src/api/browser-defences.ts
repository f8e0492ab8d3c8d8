import type { FastifyInstance } from 'fastify'
import { hostName, isLoopback } from '../access/check-binding.ts'
import { sendProblem } from './problem.ts'

const headers = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy':
    "default-src 'none'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
}

/**
 * What keeps a web page in an operator's browser from using the API through that browser: no framing, no sniffing, no
 * scripts in answers, and, while the API is bound to loopback, no other name for it than a loopback one. The last
 * stops DNS rebinding, where a page's own host name is made to point here.
 */
export function addBrowserDefences(app: FastifyInstance, apiHost: string): void {
  const onlyLoopback = isLoopback(apiHost)
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(headers)
    if (onlyLoopback && !isLoopback(hostName(request.headers.host ?? ''))) {
      return sendProblem(reply, 'forbidden', 'the Host header names another host')
    }
  })
}
