import { describe, expect, it } from 'vitest'
import { maxRetryAfterMs, retryAfterMs } from '../../src/normalization/retry-after.ts'

const nowMs = Date.parse('2026-01-15T12:00:00.000Z')

function wait(headers: Record<string, string>, bodyMs = 0, message = ''): number {
  return retryAfterMs({ headers: new Map(Object.entries(headers)), bodyMs, message, nowMs })
}

describe('retryAfterMs of headers', () => {
  it.each([
    ['retry-after-ms', '1500', 1500],
    ['retry-after-ms', '12.2', 13],
    ['x-ms-retry-after-ms', '250', 250],
    ['retry-after', '7', 7000],
    ['retry-after', '0.25', 250],
    ['retry-after', '20s', 20_000],
    ['retry-after', 'Thu, 15 Jan 2026 12:01:00 GMT', 60_000],
    ['retry-after', 'Thursday, 15-Jan-26 12:01:00 GMT', 60_000],
    ['retry-after', 'Thu Jan 15 12:01:00 2026', 60_000],
  ])('reads %s: %s', (name, value, expected) => {
    expect(wait({ [name]: value })).toBe(expected)
  })

  it.each([
    '0',
    '-1',
    'NaN',
    'Infinity',
    '',
    'soon',
    '1e9',
    '2592001',
    '99999999999999999999',
    'Thu, 15 Jan 2026 11:59:00 GMT',
    'Mon, 15 Jan 2029 12:00:00 GMT',
    'Xxx, 99 Yyy 2026 99:99:99 GMT',
    '5 requests',
  ])('takes Retry-After "%s" for none', (value) => {
    expect(wait({ 'retry-after': value })).toBe(0)
  })

  it('accepts 30 days and no more', () => {
    expect(wait({ 'retry-after': String(maxRetryAfterMs / 1000) })).toBe(maxRetryAfterMs)
    expect(wait({ 'retry-after': String(maxRetryAfterMs / 1000 + 1) })).toBe(0)
  })

  it.each([
    ['x-ratelimit-reset-tokens', '6m0s', 360_000],
    ['x-ratelimit-reset-requests', '20ms', 20],
    ['x-ratelimit-reset-requests', '2m59.56s', 179_560],
    ['x-ratelimit-reset', '1768478460', 60_000],
    ['x-ratelimit-reset', '1768478460000', 60_000],
    ['ratelimit-reset', '30', 30_000],
    ['anthropic-ratelimit-output-tokens-reset', '2026-01-15T12:00:09Z', 9000],
  ])('reads the reset %s: %s of a limit that is used up', (name, value, expected) => {
    expect(wait({ [name]: value, [name.replace('reset', 'remaining')]: '0' })).toBe(expected)
    expect(wait({ [name]: value, [name.replace('reset', 'remaining')]: '3' })).toBe(0)
    expect(wait({ [name]: value })).toBe(0)
  })

  it('waits for the longest of the limits that are used up', () => {
    const headers = {
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '1s',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '1m',
    }
    expect(wait(headers)).toBe(60_000)
  })
})

describe('retryAfterMs precedence', () => {
  const sources: [string, string][] = [
    ['retry-after-ms', '1'],
    ['x-ms-retry-after-ms', '2'],
    ['retry-after', '0.003'],
    ['x-ratelimit-reset-tokens', '4ms'],
  ]

  it.each([0, 1, 2, 3])('prefers source %i to all after it', (first) => {
    const headers = { ...Object.fromEntries(sources.slice(first)), 'x-ratelimit-remaining-tokens': '0' }
    expect(wait(headers, 5, 'try again in 6ms')).toBe(first + 1)
  })

  it('then takes the body, then the message', () => {
    expect(wait({}, 5, 'try again in 6ms')).toBe(5)
    expect(wait({}, 0, 'try again in 6ms')).toBe(6)
  })

  it('passes over a source that gives nothing usable', () => {
    expect(wait({ 'retry-after-ms': '-1', 'retry-after': '0' }, Number.NaN, 'retry after 2 seconds')).toBe(
      2000,
    )
  })
})

describe('retryAfterMs of messages', () => {
  it.each([
    ['Please try again in 20s.', 20_000],
    ['Please try again in 1.2s. Visit', 1200],
    ['Please try again in 6m0s.', 360_000],
    ['Please try again in 857ms.', 857],
    ['Please retry in 36.4s.', 36_400],
    ['Please retry after 26 seconds.', 26_000],
    ['Please retry after 1 second.', 1000],
    ['Retry after 30', 30_000],
    ['Try again in 5 minutes and 3 seconds.', 303_000],
    ['try again in 1 hour', 3_600_000],
    ['Your quota will reset after 161h39m41s.', 581_981_000],
    ['Resets in 9h22m20s.', 33_740_000],
    ['Please wait 10s before', 10_000],
    ['retry-after: 3', 3000],
    ['You will regain access on 2026-01-16 at 00:00 UTC.', 43_200_000],
  ])('reads "%s"', (message, expected) => {
    expect(wait({}, 0, message)).toBe(expected)
  })

  it.each([
    'Limit 30000, Requested 40000',
    'Too many requests in 1 hour. Try again later.',
    'reset after 2026-01-15',
    'wait 5 requests',
    'try again in a moment',
    'retry in 9999999999 hours',
    'available: 12 models',
  ])('finds none in "%s"', (message) => {
    expect(wait({}, 0, message)).toBe(0)
  })
})
