import type { Scope } from '../access/token.ts'

/** Who may use a route: holders of a token with the scope, or everybody. */
export type RouteAccess = Scope | 'public'

/**
 * Every route of the API with what it takes. A route that is not listed is refused, so that none is open by
 * oversight.
 */
export const routeScopes: Readonly<Record<string, RouteAccess>> = {
  // The console's own files; it asks for a token when its data takes one.
  '/': 'public',
  '/assets/*': 'public',
  '/healthz': 'public',
  '/readyz': 'public',
  '/api/openapi.json': 'public',
  '/api/docs': 'public',
  '/metrics': 'read',
  '/api/v1/console-config': 'read',
  '/api/v1/upstream-errors': 'read',
  '/api/v1/upstream-errors/:event_id': 'read',
  '/api/v1/upstream-errors/count': 'read',
  '/api/v1/upstream-errors/histogram': 'read',
  '/api/v1/upstream-errors/top': 'read',
  '/api/v1/upstream-errors/groups': 'read',
  '/api/v1/upstream-errors/groups/:fingerprint/state': 'retry',
  '/api/v1/upstream-errors/groups/:fingerprint/history': 'read',
  '/api/v1/upstream-errors/throttling': 'read',
  '/api/v1/upstream-errors/tail': 'read',
  '/api/v1/upstream-errors/export': 'export',
  '/api/v1/errors': 'read',
  '/api/v1/errors/:id': 'read',
  '/api/v1/errors/:id/retry': 'retry',
  '/api/v1/errors/:id/retries': 'read',
  '/api/v1/requests/:request_id': 'read',
}

/**
 * The routes whose answers hold only what the namespaces of the token show. Tokens that are restricted to namespaces are
 * refused everywhere else, so that a new route shows them nothing by oversight.
 */
export const restrictedRoutes: ReadonlySet<string> = new Set([
  '/api/v1/console-config',
  '/api/v1/upstream-errors',
  '/api/v1/upstream-errors/:event_id',
  '/api/v1/upstream-errors/count',
  '/api/v1/upstream-errors/histogram',
  '/api/v1/upstream-errors/top',
  '/api/v1/upstream-errors/groups',
  '/api/v1/upstream-errors/throttling',
  '/api/v1/upstream-errors/tail',
  '/api/v1/upstream-errors/export',
  '/api/v1/errors',
  '/api/v1/errors/:id',
  '/api/v1/errors/:id/retry',
  '/api/v1/errors/:id/retries',
  '/api/v1/requests/:request_id',
])
