import { createHash } from 'node:crypto'
import { OpsError } from '../errors.ts'
import type { TimeRange } from './time-range.ts'

/** Where a list goes on: after this event, in the range that its first page resolved. */
export interface Cursor {
  readonly createdAtMs: number
  readonly eventId: string
  readonly range: TimeRange
}

const version = 1
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** A short digest of the filters that a cursor belongs to; the order of keys does not matter. */
export function filterDigest(filters: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(filters)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(entries)).digest('base64url').slice(0, 12)
}

/** The cursor as opaque, URL-safe text, bound to its filters. */
export function encodeCursor(cursor: Cursor, digest: string): string {
  const { createdAtMs, eventId, range } = cursor
  return Buffer.from(
    JSON.stringify([version, createdAtMs, eventId, range.fromMs, range.toMs, digest]),
  ).toString('base64url')
}

/** @throws OpsError `invalid_cursor` for anything that `encodeCursor` did not make, or made for other filters. */
export function decodeCursor(text: string, digest: string): Cursor {
  const parts = text.length <= 512 ? parseParts(text) : undefined
  if (parts === undefined)
    throw new OpsError('invalid_cursor', 'cursor: is not one that this API gave', {
      extra: { parameter: 'cursor' },
    })
  const [, createdAtMs, eventId, fromMs, toMs, boundTo] = parts
  if (boundTo !== digest) {
    throw new OpsError('invalid_cursor', 'cursor: belongs to other filters', {
      extra: { parameter: 'cursor' },
    })
  }
  return { createdAtMs, eventId, range: { fromMs, toMs } }
}

type Parts = [number, number, string, number, number, string]

function parseParts(text: string): Parts | undefined {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
  if (!Array.isArray(value) || value.length !== 6 || value[0] !== version) return undefined
  const [, createdAtMs, eventId, fromMs, toMs, digest] = value
  const times = [createdAtMs, fromMs, toMs]
  if (!times.every((time) => Number.isSafeInteger(time) && time >= 0 && time <= 8.64e15)) return undefined
  if (typeof eventId !== 'string' || !uuid.test(eventId) || typeof digest !== 'string') return undefined
  return value as Parts
}
