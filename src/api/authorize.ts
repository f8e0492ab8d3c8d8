import type { FastifyInstance } from 'fastify'
import type { CheckAccess, ServiceNamespaces } from '../access/token.ts'
import { sendProblem } from './problem.ts'
import { restrictedRoutes, routeScopes } from './route-scopes.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The name of its token; '' without one. */
    tokenName: string
    /** The namespaces that its token is restricted to. */
    serviceNamespaces: ServiceNamespaces
  }
}

/** Holds every request against the scope of its route, before anything of it is read. */
export function addAuthorization(app: FastifyInstance, checkAccess: CheckAccess): void {
  app.decorateRequest('tokenName', '')
  app.decorateRequest('serviceNamespaces', undefined)
  app.addHook('onRequest', async (request, reply) => {
    const { url } = request.routeOptions
    // Unknown paths and methods have their own answers, which tell nothing.
    if (url === undefined) return
    const scope = routeScopes[url]
    if (scope === 'public') return
    if (scope === undefined) return sendProblem(reply, 'forbidden', 'this route has no scope')
    const access = checkAccess(request.headers.authorization, scope, request.ip)
    if (access.status === 'granted') {
      if (access.serviceNamespaces !== undefined && !restrictedRoutes.has(url))
        return sendProblem(reply, 'forbidden', 'the token is restricted to namespaces, this route is not')
      request.tokenName = access.name
      request.serviceNamespaces = access.serviceNamespaces
      // A shared cache must not give one token what another one was answered.
      reply.header('vary', 'authorization')
      return
    }
    if (access.status === 'forbidden')
      return sendProblem(reply, 'forbidden', `the token lacks the scope ${scope}`)
    reply.header('www-authenticate', 'Bearer')
    return sendProblem(reply, 'unauthenticated', 'a token is required')
  })
}
