import { createHash } from 'node:crypto'
import { OpsError } from '../errors.ts'
import type { TimeRange } from './time-range.ts'

/** The place of an event in the order of a list. */
export interface ListPosition {
  readonly createdAtMs: number
  readonly eventId: string
  /** Counts only where attempts come first. */
  readonly attempt: number
}

/** Where a list goes on: after this event, in the range that its first page resolved. */
export interface Cursor extends ListPosition {
  readonly range: TimeRange
}

const version = 2
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** A short digest of what a cursor belongs to: filters, order, range; the order of keys does not matter. */
export function requestDigest(request: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(request)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(entries)).digest('base64url').slice(0, 12)
}

/** The cursor as opaque, URL-safe text, bound to its request. */
export function encodeCursor(cursor: Cursor, digest: string): string {
  const { createdAtMs, eventId, attempt, range } = cursor
  return Buffer.from(
    JSON.stringify([version, createdAtMs, eventId, attempt, range.fromMs, range.toMs, digest]),
  ).toString('base64url')
}

/** @throws OpsError `invalid_cursor` for anything that `encodeCursor` did not make, or made for another request. */
export function decodeCursor(text: string, digest: string): Cursor {
  const parts = text.length <= 512 ? parseParts(text) : undefined
  if (parts === undefined)
    throw new OpsError('invalid_cursor', 'cursor: is not one that this API gave', {
      extra: { parameter: 'cursor' },
    })
  const [, createdAtMs, eventId, attempt, fromMs, toMs, boundTo] = parts
  if (boundTo !== digest) {
    throw new OpsError('invalid_cursor', 'cursor: belongs to other filters, another order or another range', {
      extra: { parameter: 'cursor' },
    })
  }
  return { createdAtMs, eventId, attempt, range: { fromMs, toMs } }
}

type Parts = [number, number, string, number, number, number, string]

function parseParts(text: string): Parts | undefined {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
  if (!Array.isArray(value) || value.length !== 7 || value[0] !== version) return undefined
  const [, createdAtMs, eventId, attempt, fromMs, toMs, digest] = value
  const numbers = [createdAtMs, attempt, fromMs, toMs]
  if (!numbers.every((number) => Number.isSafeInteger(number) && number >= 0 && number <= 8.64e15))
    return undefined
  if (attempt > 0xffff || fromMs >= toMs) return undefined
  if (typeof eventId !== 'string' || !uuid.test(eventId) || typeof digest !== 'string') return undefined
  return value as Parts
}
