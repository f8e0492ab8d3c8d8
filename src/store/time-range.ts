import { OpsError } from '../errors.ts'

/** Half open: `fromMs <= created_at < toMs`, Unix ms. */
export interface TimeRange {
  readonly fromMs: number
  readonly toMs: number
}

const unitMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const
const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/
/** What the `created_at` column and its weekly partitions can hold. */
const earliestMs = 0
const latestMs = Date.UTC(2106, 0, 1)

/** Default of `from` when it is not given. */
export const defaultFrom = 'now-1h'
/** The longest range: as long as the longest-lived counts are kept. */
export const maxRangeDays = 400

/**
 * The moment that a text means: ISO 8601 with a zone, or `now`, `now-15m`, `now+1d` (s, m, h, d, w). Leap seconds are
 * read as the second after them, as Unix time has none.
 * @throws OpsError `invalid_parameter`, naming the parameter.
 */
export function parseTime(parameter: string, text: string, nowMs: number): number {
  const relative = /^now(?:([+-])(\d{1,6})([smhdw]))?$/.exec(text)
  let ms = Number.NaN
  if (relative) {
    const distanceMs = Number(relative[2] ?? 0) * unitMs[(relative[3] ?? 's') as keyof typeof unitMs]
    ms = relative[1] === '-' ? nowMs - distanceMs : nowMs + distanceMs
  } else if (isoTime.test(text)) {
    ms = parseIso(text)
  }
  if (Number.isNaN(ms)) {
    throw new OpsError(
      'invalid_parameter',
      `${parameter}: ${JSON.stringify(text)} is neither ISO 8601 with a zone (2026-01-31T08:00:00Z) nor relative (now-1h)`,
      { extra: { parameter } },
    )
  }
  return Math.min(Math.max(ms, earliestMs), latestMs)
}

/** `Date.parse` takes February 30 as March 2 and refuses second 60. */
function parseIso(text: string): number {
  const leap = /^(.{16}):60(?:\.\d+)?(.*)$/.exec(text)
  if (leap) return parseIso(`${leap[1]}:59${leap[2]}`) + 1000
  const day = Date.parse(`${text.slice(0, 10)}T00:00:00Z`)
  const exists = !Number.isNaN(day) && new Date(day).toISOString().startsWith(text.slice(0, 10))
  return exists ? Date.parse(text) : Number.NaN
}

/**
 * The range of `from` and `to` (default `fallbackFrom` until now).
 * @throws OpsError `invalid_parameter` for an unreadable time, when `from` is not before `to`, or when the range is
 * longer than `maxRangeDays`.
 */
export function parseTimeRange(
  from: string | undefined,
  to: string | undefined,
  nowMs: number,
  fallbackFrom = defaultFrom,
): TimeRange {
  const toMs = to === undefined ? nowMs + 1 : parseTime('to', to, nowMs)
  const fromMs = parseTime('from', from ?? fallbackFrom, nowMs)
  if (fromMs >= toMs) {
    throw new OpsError('invalid_parameter', 'from: is not before to', { extra: { parameter: 'from' } })
  }
  if (toMs - fromMs > maxRangeDays * unitMs.d + 1) {
    throw new OpsError('invalid_parameter', `from: the range is longer than ${maxRangeDays} days`, {
      extra: { parameter: 'from' },
    })
  }
  return { fromMs, toMs }
}
