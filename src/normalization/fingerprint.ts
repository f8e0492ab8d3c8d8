import { hash } from 'node:crypto'
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
  const template = messageTemplate(parts.message)
  const slot = sampleHash(template) & (maxKnown - 1)
  const before = known[slot]
  if (before !== undefined && before.template === template && isSame(before.parts, parts)) return before.value
  const value = hashOf(parts, template)
  if (parts.errorType.length + parts.errorCode.length <= maxNamesChars)
    known[slot] = { parts: { ...parts, message: '' }, template, value }
  return value
}

/** Similar errors come again and again, and all parts are the same then: one in each slot, the latest wins. */
interface Known {
  /** Without the message. */
  readonly parts: FingerprintParts
  readonly template: string
  readonly value: bigint
}

const maxKnown = 1024
const maxNamesChars = 256
const known = new Array<Known | undefined>(maxKnown).fill(undefined)

function isSame(before: FingerprintParts, parts: FingerprintParts): boolean {
  return (
    before.statusCode === parts.statusCode &&
    before.category === parts.category &&
    before.platform === parts.platform &&
    before.errorType === parts.errorType &&
    before.errorCode === parts.errorCode
  )
}

const samples = 16

/** Of the length and some characters: to compare the whole with the one that came before takes a tenth of hashing it. */
function sampleHash(text: string): number {
  let hash = text.length
  const step = Math.ceil(text.length / samples)
  for (let at = 0; at < text.length; at += step) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0
  return hash ^ (hash >>> 10) ^ (hash >>> 20)
}

function hashOf(parts: FingerprintParts, template: string): bigint {
  const canonical = [
    fingerprintVersion,
    canonicalPlatform(parts.platform),
    parts.category,
    parts.statusCode,
    nameTemplate(parts.errorType),
    nameTemplate(parts.errorCode),
    template.toLowerCase(),
    '',
  ].join('\0')
  return hash('sha256', canonical, 'buffer').readBigUInt64BE(0)
}

/** Types and codes are names; their digits tell them apart. Some providers send a sentence. */
function nameTemplate(name: string): string {
  return (name.length > 64 || name.includes(' ') ? messageTemplate(name) : name).toLowerCase()
}
