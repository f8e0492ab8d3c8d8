import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { AuditAction, AuditLog } from '../audit/audit-log.ts'
import type { Redactor } from '../redaction/create-redactor.ts'
import { routeScopes } from './route-scopes.ts'

const reading = new Set(['GET', 'HEAD', 'OPTIONS'])
const maxQueryCharacters = 500

/**
 * Notes every request that takes data out or changes something: those of a scope beyond `read`, and those with another
 * method than GET, once they are answered. Refusals for want of a token are noted where the token is checked.
 */
export function addRequestAudit(app: FastifyInstance, audit: AuditLog, redactor: Redactor): void {
  app.addHook('onResponse', async (request, reply) => {
    const action = auditedAction(request)
    const status = reply.statusCode
    if (action === undefined || status === 401 || status === 403) return
    const query = request.url.split('?', 2)[1] ?? ''
    audit.record({
      action,
      outcome: status < 400 ? 'succeeded' : status < 500 ? 'refused' : 'failed',
      token: request.tokenName,
      client: request.ip,
      method: request.method,
      route: request.routeOptions.url,
      params: request.params,
      query: redactor.text(query).slice(0, maxQueryCharacters),
      status,
    })
  })
}

function auditedAction(request: FastifyRequest): AuditAction | undefined {
  const scope = routeScopes[request.routeOptions.url ?? '']
  if (scope === 'export' || scope === 'retry' || scope === 'admin') return scope
  return scope === undefined || reading.has(request.method) ? undefined : 'change'
}
