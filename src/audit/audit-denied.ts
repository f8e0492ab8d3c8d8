import type { CheckAccess } from '../access/token.ts'
import type { AuditLog } from './audit-log.ts'

const windowMs = 60_000
/** Clients that are told apart at one time; a flood of addresses must not fill the memory. */
const maxRemembered = 1000

/**
 * The same check, with its refusals noted: the first of a client at once, then one line a minute that says how many
 * there were, so that nobody can fill the disk by guessing.
 */
export function auditDenied(check: CheckAccess, audit: AuditLog, now = Date.now): CheckAccess {
  const recent = new Map<string, { sinceMs: number; count: number }>()
  return (authorization, scope, client = '') => {
    const access = check(authorization, scope, client)
    if (access.status === 'granted') return access
    const token = access.status === 'forbidden' ? access.name : ''
    const key = `${client} ${scope} ${token}`
    const seen = recent.get(key)
    if (seen !== undefined && now() - seen.sinceMs < windowMs) {
      seen.count++
      return access
    }
    if (recent.size >= maxRemembered) recent.clear()
    recent.set(key, { sinceMs: now(), count: 0 })
    const repeated = seen?.count ?? 0
    audit.record({
      action: 'access_denied',
      outcome: 'refused',
      token,
      client,
      scope,
      ...(repeated > 0 ? { repeated } : {}),
    })
    return access
  }
}
