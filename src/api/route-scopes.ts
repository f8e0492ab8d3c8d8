import type { Scope } from '../access/token.ts'

/** Who may use a route: holders of a token with the scope, or everybody. */
export type RouteAccess = Scope | 'public'

/**
 * Every route of the API with what it takes. A route that is not listed is refused, so that none is open by
 * oversight.
 */
export const routeScopes: Readonly<Record<string, RouteAccess>> = {
  '/healthz': 'public',
  '/readyz': 'public',
  '/api/openapi.json': 'public',
  '/api/docs': 'public',
  '/metrics': 'read',
  '/api/v1/upstream-errors': 'read',
  '/api/v1/upstream-errors/:event_id': 'read',
  '/api/v1/upstream-errors/count': 'read',
  '/api/v1/upstream-errors/histogram': 'read',
  '/api/v1/upstream-errors/top': 'read',
  '/api/v1/upstream-errors/groups': 'read',
  '/api/v1/upstream-errors/throttling': 'read',
  '/api/v1/upstream-errors/tail': 'read',
  '/api/v1/upstream-errors/export': 'export',
  '/api/v1/errors': 'read',
  '/api/v1/errors/:id': 'read',
  '/api/v1/requests/:request_id': 'read',
}
