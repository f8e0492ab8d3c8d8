import { hash } from 'node:crypto'
import { remember } from '../event/remember.ts'
import type { ErrorCategory } from '../event/upstream-error-event.ts'
import { messageTemplate } from './message-template.ts'
import { canonicalPlatform } from './providers/canonical-platform.ts'

export { messageTemplate } from './message-template.ts'

/** Part of what is hashed. Raise it with every change that gives an existing error another fingerprint. */
export const fingerprintVersion = 1

export interface FingerprintParts {
  readonly platform: string
  readonly category: ErrorCategory
  /** 0 = no answer. */
  readonly statusCode: number
  readonly errorType: string
  readonly errorCode: string
  readonly message: string
}

/**
 * An unsigned 64-bit hash that is the same for errors that differ only in ids, numbers, names and the like, and for
 * all spellings of a platform: the first 8 bytes, big-endian, of a SHA-256 over the parts, each ended by U+0000.
 */
export function fingerprint(parts: FingerprintParts): bigint {
  const platform = canonicalPlatform(parts.platform)
  const names = `${nameTemplate(parts.errorType)}\0${nameTemplate(parts.errorCode)}`
  const message = messageTemplate(parts.message).toLowerCase()
  const canonical = `${fingerprintVersion}\0${platform}\0${parts.category}\0${parts.statusCode}\0${names}\0${message}\0`
  return fingerprintOf(canonical)
}

/** Similar errors come again and again, and their parts are the same then. */
const fingerprintOf = remember(
  (canonical) => hash('sha256', canonical, 'buffer').readBigUInt64BE(0),
  2048,
  1024,
)

/** Types and codes are names; their digits tell them apart. Some providers send a sentence. */
function nameTemplate(name: string): string {
  return (name.length > 64 || name.includes(' ') ? messageTemplate(name) : name).toLowerCase()
}
