import type { TimeRange } from '../time-range.ts'
import type { Conditions } from './filters.ts'

/**
 * The range as conditions on `created_at`. The bounds are DateTime64: against one of whole seconds the index analysis
 * rounds up and loses rows of the last second.
 */
export function rangeConditions(range: TimeRange, prefix = ''): Conditions {
  return {
    sql: [
      `created_at >= fromUnixTimestamp64Milli({${prefix}from_ms:Int64})`,
      `created_at < fromUnixTimestamp64Milli({${prefix}to_ms:Int64})`,
    ],
    params: { [`${prefix}from_ms`]: range.fromMs, [`${prefix}to_ms`]: range.toMs },
  }
}
