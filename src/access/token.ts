import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

export const scopes = ['ingest', 'read', 'export', 'retry', 'admin'] as const
export type Scope = (typeof scopes)[number]

/** A token as it is kept: never itself, only its SHA-256. Tokens are random, so that a plain hash is enough. */
export interface TokenEntry {
  readonly name: string
  /** SHA-256 of the token, 64 hex digits. */
  readonly sha256: string
  readonly scopes: readonly Scope[]
  /** The only values of `service.namespace` that it reads and writes. Default: all, and events without one. */
  readonly service_namespaces?: readonly string[]
}

/** The namespaces that a token is restricted to; undefined when it is not. */
export type ServiceNamespaces = readonly string[] | undefined

export type Access =
  | {
      readonly status: 'granted'
      /** Of the token; '' while no tokens are configured. */
      readonly name: string
      readonly serviceNamespaces: ServiceNamespaces
    }
  /** No token, or none that is known. */
  | { readonly status: 'unauthenticated' }
  /** A known token without the scope. */
  | { readonly status: 'forbidden'; readonly name: string }

/** Decides what an `Authorization` header may do. `client` is the address that it came from. */
export type CheckAccess = (authorization: string | undefined, scope: Scope, client?: string) => Access

const prefix = 'ops_'

/** A new token with 256 random bits, and the entry to keep of it. */
export function createToken(
  name: string,
  tokenScopes: readonly Scope[],
  serviceNamespaces: readonly string[] = [],
): { token: string; entry: TokenEntry } {
  const token = prefix + randomBytes(32).toString('base64url')
  const entry = { name, sha256: digest(token).toString('hex'), scopes: tokenScopes }
  if (serviceNamespaces.length === 0) return { token, entry }
  return { token, entry: { ...entry, service_namespaces: serviceNamespaces } }
}

/**
 * Makes the check over these tokens; without any, everything is granted. The presented token is hashed and compared
 * with every entry, in a time that does not tell how much of it was right. `admin` includes every scope.
 */
export function createCheckAccess(entries: readonly TokenEntry[]): CheckAccess {
  if (entries.length === 0) return () => ({ status: 'granted', name: '', serviceNamespaces: undefined })
  const known = entries.map((entry) => ({ entry, hash: Buffer.from(entry.sha256, 'hex') }))
  return (authorization, scope) => {
    const presented = digest(/^bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? '')
    let found: TokenEntry | undefined
    for (const { entry, hash } of known) if (timingSafeEqual(hash, presented)) found = entry
    if (found === undefined) return { status: 'unauthenticated' }
    const allowed = found.scopes.includes(scope) || found.scopes.includes('admin')
    if (!allowed) return { status: 'forbidden', name: found.name }
    return { status: 'granted', name: found.name, serviceNamespaces: found.service_namespaces }
  }
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
