import type { ListPosition } from '../cursor.ts'
import type { TimeRange } from '../time-range.ts'
import type { ListOrder } from './list-upstream-errors.ts'

const windowsMs = [3_600_000, 86_400_000]

/**
 * Ever longer pieces of a range from where a list begins, the whole last. A page of many events is in the first hour of
 * it, and a piece of one week reads only the parts of that week; where events are few, the pieces before cost little.
 */
export function windowsOf(
  range: TimeRange,
  order: ListOrder,
  after: ListPosition | undefined,
): readonly TimeRange[] {
  if (order === 'attempt') return [range]
  const fromMs = order === 'oldest' && after ? Math.max(range.fromMs, after.createdAtMs) : range.fromMs
  const toMs = order === 'newest' && after ? Math.min(range.toMs, after.createdAtMs + 1) : range.toMs
  const shorter = windowsMs.filter((ms) => toMs - fromMs > 2 * ms)
  return [
    ...shorter.map((ms) =>
      order === 'newest' ? { fromMs: toMs - ms, toMs } : { fromMs, toMs: fromMs + ms },
    ),
    { fromMs, toMs },
  ]
}
