const two = (value: number): string => String(value).padStart(2, '0')

/** 14:03:07 in the browser's zone. */
export const clockTime = (date: Date): string =>
  `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`

/** 2026-01-31 in the browser's zone. */
export const calendarDate = (date: Date): string =>
  `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`

/** 2026-01-31 14:03:07.120 */
export const fullTime = (date: Date): string =>
  `${calendarDate(date)} ${clockTime(date)}.${String(date.getMilliseconds()).padStart(3, '0')}`

/** Time of day for what happened today, with the date for what did not. */
export function eventTime(date: Date, nowMs: number): string {
  const ms = String(date.getMilliseconds()).padStart(3, '0')
  const today = calendarDate(date) === calendarDate(new Date(nowMs))
  return today ? `${clockTime(date)}.${ms}` : `${calendarDate(date).slice(5)} ${clockTime(date)}`
}

/** A point of an axis whose range is that long: no more than what tells points apart. */
export function axisTime(date: Date, rangeMs: number): string {
  if (rangeMs > 4 * 86_400_000) return `${calendarDate(date).slice(5)}`
  const time = clockTime(date)
  if (rangeMs > 20 * 3_600_000 && time === '00:00:00') return calendarDate(date).slice(5)
  return rangeMs > 300_000 ? time.slice(0, 5) : time
}

/** 850 ms, 12.3 s, 4 min 10 s, 3 h 5 min, 2 d 4 h */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  const seconds = ms / 1000
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`
  if (seconds < 3600) return pair(Math.floor(seconds / 60), 'min', Math.floor(seconds % 60), 's')
  if (seconds < 86_400) return pair(Math.floor(seconds / 3600), 'h', Math.floor((seconds % 3600) / 60), 'min')
  return pair(Math.floor(seconds / 86_400), 'd', Math.floor((seconds % 86_400) / 3600), 'h')
}

const pair = (large: number, unit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smallUnit}`

/** 0:07, 4:10, 1:03:10: counts down without changing its width. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000))
  const hours = Math.floor(seconds / 3600)
  const rest = `${hours > 0 ? two(Math.floor((seconds % 3600) / 60)) : Math.floor(seconds / 60)}:${two(seconds % 60)}`
  return hours > 0 ? `${hours}:${rest}` : rest
}

/** just now, 12 s ago, 5 min ago, 3 h ago, 2 d ago */
export function ago(date: Date, nowMs: number): string {
  const seconds = Math.max(0, (nowMs - date.getTime()) / 1000)
  if (seconds < 5) return 'just now'
  if (seconds < 60) return `${Math.floor(seconds)} s ago`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`
  return `${Math.floor(seconds / 86_400)} d ago`
}

/** The length of a range as people say it: 1 hour, 7 days. */
export function rangeLength(ms: number): string {
  const units = [
    ['day', 86_400_000],
    ['hour', 3_600_000],
    ['minute', 60_000],
    ['second', 1000],
  ] as const
  for (const [unit, size] of units) {
    const count = ms / size
    if (count >= 1 && (Number.isInteger(count) || unit === 'second' || count >= 3)) {
      const rounded = Math.round(count)
      return rounded === 1 ? unit : `${rounded} ${unit}s`
    }
  }
  return duration(ms)
}
