import type { FastifyInstance } from 'fastify'
import type { CheckAccess } from '../access/token.ts'
import { sendProblem } from './problem.ts'
import { routeScopes } from './route-scopes.ts'

/** Holds every request against the scope of its route, before anything of it is read. */
export function addAuthorization(app: FastifyInstance, checkAccess: CheckAccess): void {
  app.addHook('onRequest', async (request, reply) => {
    const { url } = request.routeOptions
    // Unknown paths and methods have their own answers, which tell nothing.
    if (url === undefined) return
    const scope = routeScopes[url]
    if (scope === 'public') return
    if (scope === undefined) return sendProblem(reply, 'forbidden', 'this route has no scope')
    const access = checkAccess(request.headers.authorization, scope)
    if (access.status === 'granted') return
    if (access.status === 'forbidden')
      return sendProblem(reply, 'forbidden', `the token lacks the scope ${scope}`)
    reply.header('www-authenticate', 'Bearer')
    return sendProblem(reply, 'unauthenticated', 'a token is required')
  })
}
