import { remember } from '../event/remember.ts'
import { durationMs, readDurationMs } from './duration-text.ts'
import type { HeaderStrings } from './headers.ts'

/** A wait beyond this is taken for a mistake. It also keeps the value inside the column's UInt32. */
export const maxRetryAfterMs = 30 * 86_400_000

const maxHeaderChars = 64
const maxHeaders = 256
const maxMessageChars = 4096

export interface RetryAfterSources {
  /** By lowercase name. */
  readonly headers: HeaderStrings
  /** What the platform's parser found in the body; 0 = nothing. */
  readonly bodyMs: number
  readonly message: string
  /** Unix ms; dates and absolute resets count from it. */
  readonly nowMs: number
}

/**
 * How long the provider asks to wait, in whole ms rounded up; 0 = it does not say. The first source that gives a
 * usable value wins: a header in ms, `Retry-After` (RFC 9110, 10.2.3), the reset of a limit that is used up, the
 * body, the message. Zero, negative and longer than 30 days are not usable: Azure sends 0 and -1.
 */
export function retryAfterMs({ headers, bodyMs, message, nowMs }: RetryAfterSources): number {
  return (
    usable(millisecondsOf(headers.get('retry-after-ms'))) ||
    usable(millisecondsOf(headers.get('x-ms-retry-after-ms'))) ||
    usable(secondsOrDateMs(headers.get('retry-after'), nowMs)) ||
    usable(resetHeadersMs(headers, nowMs)) ||
    usable(bodyMs) ||
    usable(messageMs(message, nowMs))
  )
}

/**
 * The wait until a reset given as RFC 3339, Unix seconds, Unix ms, seconds from now or a duration (`6m0s`); 0 when it
 * is none of these.
 */
export function untilResetMs(value: string, nowMs: number): number {
  const text = value.slice(0, maxHeaderChars).trim()
  if (/^\d{1,16}(?:\.\d{1,9})?$/.test(text)) {
    const number = Number(text)
    if (number >= 1e11) return number - nowMs
    return number >= 1e9 ? number * 1000 - nowMs : number * 1000
  }
  return /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(text) ? untilDateMs(text, nowMs) : durationMs(text, 1000)
}

function usable(ms: number): number {
  return ms > 0 && ms <= maxRetryAfterMs ? Math.ceil(ms) : 0
}

function millisecondsOf(header: string | undefined): number {
  return header !== undefined && /^\s{0,8}\d{1,15}(?:\.\d{1,9})?\s{0,8}$/.test(header) ? Number(header) : 0
}

function secondsOrDateMs(header: string | undefined, nowMs: number): number {
  if (header === undefined || header.length > maxHeaderChars) return 0
  const text = header.trim()
  if (/^\d/.test(text)) return durationMs(text, 1000)
  // The three date forms of RFC 9110, 5.6.7; the last of them has no zone and means GMT.
  if (/^[A-Z][a-z]{2,8}, \d\d[ -][A-Z][a-z]{2}[ -]\d{2,4} \d\d:\d\d:\d\d GMT$/.test(text)) {
    return untilDateMs(text, nowMs)
  }
  return /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/.test(text)
    ? untilDateMs(`${text} GMT`, nowMs)
    : 0
}

function untilDateMs(date: string, nowMs: number): number {
  const dateMs = Date.parse(date)
  return Number.isNaN(dateMs) ? 0 : dateMs - nowMs
}

/**
 * OpenAI's `x-ratelimit-reset-*`, Anthropic's `anthropic-ratelimit-*-reset` and the like, of limits that are used up
 * (`remaining` 0, or Anthropic's `status` rejected); the longest, as the request needs them all.
 */
function resetHeadersMs(headers: HeaderStrings, nowMs: number): number {
  let longestMs = 0
  let seen = 0
  for (const name of headers.keys()) {
    if (++seen > maxHeaders) break
    const limit = limitOfReset(name)
    if (limit === noLimit) continue
    const usedUp = headers.get(limit.remaining)?.trim() === '0' || headers.get(limit.status) === 'rejected'
    if (usedUp) longestMs = Math.max(longestMs, untilResetMs(headers.get(name) ?? '', nowMs))
  }
  return longestMs
}

interface Limit {
  readonly remaining: string
  readonly status: string
}

const noLimit: Limit = { remaining: '', status: '' }

/** The headers that tell whether the limit is used up whose reset the header of this name tells. */
const limitOfReset = remember((name): Limit => {
  if (!name.includes('ratelimit') || !name.includes('reset')) return noLimit
  return { remaining: name.replace('reset', 'remaining'), status: name.replace('reset', 'status') }
})

function messageMs(message: string, nowMs: number): number {
  const text = message.slice(0, maxMessageChars)
  const cue =
    /(?:try again|retry|retrying|resets?|wait|retry[-_]after|available)(?: again)?(?: in| after| for)?(?: about)?[ :=]{1,3}(?=\d)/gi
  while (cue.exec(text) !== null) {
    const ms = readDurationMs(text, cue.lastIndex, 1000)
    if (ms > 0) return ms
  }
  // Anthropic's spend limits: "You will regain access on 2026-02-01 at 00:00 UTC."
  const access = /regain access on (\d{4}-\d\d-\d\d)(?: at (\d\d:\d\d) UTC)?/.exec(text)
  return access === null ? 0 : untilDateMs(`${access[1]}T${access[2] ?? '00:00'}:00Z`, nowMs)
}
