import type { EncodedRow } from '../event/tables.ts'
import { createIdMap } from './id-map.ts'
import { createIdSet, type IdSet } from './id-set.ts'

/**
 * The ids of recent events, so that an export that is sent again (its answer was lost) is not stored again.
 * Bounded: two generations of ids, the older one forgotten when the newer is full.
 *
 * What the window forgot is described by `horizonMs`: an event created after it cannot be one of the forgotten, as the
 * same event has the same time. Those at or before it are looked up in the store before they are inserted.
 */
export interface RecentEvents {
  /** Takes the rows that are new. Their ids count as seen until the claim is abandoned. */
  claim(rows: readonly EncodedRow[]): Claim
  /** Adds ids known from elsewhere: the store at start, the journal's backlog. */
  add(row: SeenEvent): void
  /** Resolves when the claims open now have ended: those made later see all ids added until now. */
  claimsEnded(): Promise<void>
  /** Nothing created after this moment (Unix ms) was forgotten. */
  readonly horizonMs: number
  /** Raises the horizon: events up to the moment may exist that were never added. */
  raiseHorizon(createdAtMs: number): void
  /** Lowers a horizon that was raised for what is now added. Never below what was evicted. */
  settleHorizon(createdAtMs: number): void
  readonly size: number
}

export interface Claim {
  /** The rows that were not seen before. Their bytes may change once they are copied: a claim keeps the ids. */
  readonly rows: readonly EncodedRow[]
  /** The claimed rows are durable. */
  settle(): void
  /** The claimed rows were not written: they may come again. */
  abandon(): void
  /** Resolves when the claims that hold this export's duplicates have ended; false when one was abandoned. */
  othersDurable(): Promise<boolean>
}

/** What is looked at of a row: its bytes begin with the id. */
type SeenEvent = Pick<EncodedRow, 'bytes' | 'createdAtMs'>

interface Pending {
  readonly done: Promise<boolean>
  finish(durable: boolean): void
}

interface Generation {
  readonly ids: IdSet
  /** Unix ms. */
  newestCreatedAtMs: number
}

export function createRecentEvents(maxEvents: number): RecentEvents {
  const generationSize = Math.max(1, Math.floor(maxEvents / 2))
  let newer = createGeneration(generationSize)
  let older = createGeneration(generationSize)
  const pending = createIdMap<Pending>()
  const open = new Set<Pending>()
  let evictedMs = Number.NEGATIVE_INFINITY
  let raisedMs = Number.NEGATIVE_INFINITY

  function remember({ bytes, createdAtMs }: SeenEvent): void {
    newer.ids.add(bytes)
    newer.newestCreatedAtMs = Math.max(newer.newestCreatedAtMs, createdAtMs)
    if (newer.ids.size < generationSize) return
    evictedMs = Math.max(evictedMs, older.newestCreatedAtMs)
    older.ids.clear()
    const next = { ids: older.ids, newestCreatedAtMs: Number.NEGATIVE_INFINITY }
    older = newer
    newer = next
  }

  function claim(rows: readonly EncodedRow[]): Claim {
    const fresh: EncodedRow[] = []
    const others = new Set<Pending>()
    const own = createPending()
    for (const row of rows) {
      const { bytes } = row
      const other = pending.get(bytes)
      if (other && other !== own) others.add(other)
      if (other || newer.ids.has(bytes) || older.ids.has(bytes)) continue
      pending.set(bytes, own)
      fresh.push(row)
    }
    const seen = fresh.map(({ bytes, createdAtMs }) => ({
      bytes: Buffer.from(bytes.subarray(0, 16)),
      createdAtMs,
    }))
    // A claim of nothing ends with those that it waits for.
    if (fresh.length > 0) open.add(own)
    const end = (durable: boolean): void => {
      for (const { bytes } of seen) pending.delete(bytes)
      open.delete(own)
      own.finish(durable)
    }
    return {
      rows: fresh,
      settle() {
        for (const event of seen) remember(event)
        end(true)
      },
      abandon: () => end(false),
      async othersDurable() {
        const ends = await Promise.all([...others].map((other) => other.done))
        return ends.every((durable) => durable)
      },
    }
  }

  return {
    claim,
    add: remember,
    async claimsEnded() {
      await Promise.all([...open].map((claimed) => claimed.done))
    },
    get horizonMs() {
      return Math.max(evictedMs, raisedMs)
    },
    raiseHorizon(createdAtMs) {
      raisedMs = Math.max(raisedMs, createdAtMs)
    },
    settleHorizon(createdAtMs) {
      raisedMs = createdAtMs
    },
    get size() {
      return newer.ids.size + older.ids.size
    },
  }
}

/** The id that the bytes begin with as text of one byte a character: the smallest key that a Map compares by value. */
export function idKey(bytes: Uint8Array): string {
  const buffer = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return buffer.toString('latin1', 0, 16)
}

function createGeneration(maxIds: number): Generation {
  return { ids: createIdSet(maxIds), newestCreatedAtMs: Number.NEGATIVE_INFINITY }
}

function createPending(): Pending {
  let finish: (durable: boolean) => void = () => {}
  const done = new Promise<boolean>((resolve) => {
    finish = resolve
  })
  return { done, finish }
}
