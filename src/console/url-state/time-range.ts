/** A range in the notation of the API: ISO 8601 or relative. An empty `to` is now. */
export interface RangeText {
  readonly from: string
  readonly to: string
}

export const defaultRange: RangeText = { from: 'now-1h', to: '' }

export const quickRanges: readonly { readonly from: string; readonly label: string }[] = [
  { from: 'now-15m', label: '15 min' },
  { from: 'now-1h', label: '1 hour' },
  { from: 'now-6h', label: '6 hours' },
  { from: 'now-24h', label: '24 hours' },
  { from: 'now-7d', label: '7 days' },
  { from: 'now-30d', label: '30 days' },
]

const unitMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

const relative = /^now(?:-(\d{1,9})([smhdw]))?$/

/** Undefined for what is no time. */
export function timeMs(text: string, nowMs: number): number | undefined {
  const match = relative.exec(text === '' ? 'now' : text)
  if (match) return nowMs - Number(match[1] ?? 0) * (unitMs[match[2] ?? 's'] ?? 0)
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? undefined : ms
}

/** The range as times; what cannot be read counts as the default, and the API says what is wrong with it. */
export function rangeMs(range: RangeText, nowMs: number): { fromMs: number; toMs: number } {
  const toMs = timeMs(range.to, nowMs) ?? nowMs
  return { fromMs: timeMs(range.from, nowMs) ?? toMs - 3_600_000, toMs }
}

/** Whether its events change with time. */
export const isMoving = (range: RangeText): boolean => relative.test(range.to === '' ? 'now' : range.to)

/** The equally long range before. */
export function previousRange(range: RangeText): RangeText {
  const match = relative.exec(range.from)
  if (match?.[1] && (range.to === '' || range.to === 'now'))
    return { from: `now-${Number(match[1]) * 2}${match[2]}`, to: range.from }
  const { fromMs, toMs } = rangeMs(range, Date.now())
  return absoluteRange(2 * fromMs - toMs, fromMs)
}

export function absoluteRange(fromMs: number, toMs: number): RangeText {
  return { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() }
}

/** A range of twice the length around the same middle, not beyond now. */
export function zoomedOut(range: RangeText, nowMs: number): RangeText {
  const { fromMs, toMs } = rangeMs(range, nowMs)
  const half = (toMs - fromMs) / 2
  return absoluteRange(fromMs - half, Math.min(nowMs, toMs + half))
}
