import type { ErrorCode } from './errors.ts'

/** A full journal drains slower than a burst passes. */
const longWaits = new Set<ErrorCode>(['journal_full', 'journal_failed'])

/** Seconds that a refused client waits: 1 to 5, or 5 to 30, spread so that all do not come back together. */
export function retryAfterSeconds(code: ErrorCode): number {
  const [least, spread] = longWaits.has(code) ? [5, 26] : [1, 5]
  return least + Math.floor(Math.random() * spread)
}
