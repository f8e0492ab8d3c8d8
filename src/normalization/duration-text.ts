const unitMs: ReadonlyMap<string, number> = new Map([
  ['ns', 1e-6],
  ['us', 1e-3],
  ['µs', 1e-3],
  ['ms', 1],
  ['msec', 1],
  ['msecs', 1],
  ['millisecond', 1],
  ['milliseconds', 1],
  ['s', 1000],
  ['sec', 1000],
  ['secs', 1000],
  ['second', 1000],
  ['seconds', 1000],
  ['m', 60_000],
  ['min', 60_000],
  ['mins', 60_000],
  ['minute', 60_000],
  ['minutes', 60_000],
  ['h', 3_600_000],
  ['hr', 3_600_000],
  ['hrs', 3_600_000],
  ['hour', 3_600_000],
  ['hours', 3_600_000],
  ['d', 86_400_000],
  ['day', 86_400_000],
  ['days', 86_400_000],
])

const maxParts = 8

/**
 * Reads a duration at `from`: `36s`, `6m0s`, `161h39m41.3s`, `250ms`, `1 hour 5 minutes`, `5 minutes and 3 seconds`; a
 * bare number counts in `bareUnitMs`. In ms, 0 when there is none.
 */
export function readDurationMs(text: string, from: number, bareUnitMs: number): number {
  const part = /(\d{1,15}(?:[.,]\d{1,12})?)[ \u00A0]?([a-zA-Zµ]{0,12})(?:, | and | )?/y
  part.lastIndex = from
  let totalMs = 0
  for (let parts = 0; parts < maxParts; parts++) {
    const match = part.exec(text)
    if (match === null) break
    const amount = Number(match[1]?.replace(',', '.'))
    const unit = match[2]?.toLowerCase() ?? ''
    const ms = unitMs.get(unit)
    if (ms === undefined) return parts > 0 ? totalMs : bareNumber(text, from, amount, unit, bareUnitMs)
    totalMs += amount * ms
  }
  return totalMs
}

/** A number without a unit counts only if nothing else is being counted (`5 requests`, `2025-01-01`). */
function bareNumber(text: string, from: number, amount: number, unit: string, bareUnitMs: number): number {
  if (unit !== '') return 0
  const digits = /^[\d.,]*/.exec(text.slice(from, from + 32))?.[0] ?? ''
  return /[-:/\d]/.test(text.charAt(from + digits.length)) ? 0 : amount * bareUnitMs
}

/** A text that is a duration and nothing else, in ms; 0 for anything else. A bare number counts in `bareUnitMs`. */
export function durationMs(text: string, bareUnitMs: number): number {
  const trimmed = text.trim()
  return /^[\d.]{1,24}[a-zA-Zµ]{0,12}[\da-zA-Z.µ]{0,48}$/.test(trimmed)
    ? readDurationMs(trimmed, 0, bareUnitMs)
    : 0
}
