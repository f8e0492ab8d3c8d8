import { describe, expect, it } from 'vitest'
import { listQuery } from '../../src/store/queries/list-upstream-errors.ts'
import { windowsOf } from '../../src/store/queries/list-windows.ts'
import { parseTimeRange } from '../../src/store/time-range.ts'

const hour = 3_600_000
const range = { fromMs: 0, toMs: 30 * 24 * hour }
const place = { createdAtMs: 10 * 24 * hour, eventId: '', attempt: 0 }

describe('the pieces of a list', () => {
  it('grow from where it begins, and end with the whole', () => {
    expect(windowsOf(range, 'newest', undefined)).toEqual([
      { fromMs: range.toMs - hour, toMs: range.toMs },
      { fromMs: range.toMs - 24 * hour, toMs: range.toMs },
      range,
    ])
    expect(windowsOf(range, 'oldest', undefined)[0]).toEqual({ fromMs: 0, toMs: hour })
  })

  it('begin at the cursor, with its moment in it', () => {
    expect(windowsOf(range, 'newest', place).map(({ toMs }) => toMs)).toEqual(
      Array(3).fill(place.createdAtMs + 1),
    )
    expect(windowsOf(range, 'oldest', place).map(({ fromMs }) => fromMs)).toEqual(
      Array(3).fill(place.createdAtMs),
    )
  })

  it('are the range alone where a piece would be most of it, or the order is not of time', () => {
    expect(windowsOf({ fromMs: 0, toMs: 2 * hour }, 'newest', undefined)).toHaveLength(1)
    expect(windowsOf(range, 'attempt', undefined)).toEqual([range])
  })

  it.each([
    ['the last hour, which is the default', undefined, true],
    ['two hours', 'now-2h', false],
  ])('are read at once when they are brief: %s', (_, from, atOnce) => {
    const { settings } = listQuery(
      {
        range: parseTimeRange(from, undefined, Date.now()),
        filters: [],
        order: 'newest',
        columns: [],
        limit: 51,
        after: undefined,
        class: 'point',
      },
      '*',
    )
    expect(settings?.query_plan_optimize_lazy_materialization === 0).toBe(atOnce)
    expect(settings?.use_uncompressed_cache === 1).toBe(atOnce)
  })
})
