import type { ClickHouseClient } from '@clickhouse/client'
import { OpsError } from '../errors.ts'

/**
 * What a query is, by how long it may take, shortest first:
 * `point` the newest events and one event by id; `list` filtered pages; `analysis` counts and groups over a range;
 * `export` pages of an export.
 */
export const queryClasses = ['point', 'list', 'analysis', 'export'] as const
export type QueryClass = (typeof queryClasses)[number]

export interface Lease {
  readonly client: ClickHouseClient
  release(): void
}

/**
 * Waits for a reader. @throws OpsError `overloaded` when too many wait already or the wait took too long; the signal's
 * reason when the caller hung up.
 */
export type AcquireReader = (queryClass: QueryClass, signal?: AbortSignal) => Promise<Lease>

export interface PoolOptions {
  readonly readers: readonly ClickHouseClient[]
  /**
   * How many readers a class may hold together with all classes after it. As each is less than the one before, slow
   * queries always leave a reader to faster ones.
   */
  readonly shares: Readonly<Record<QueryClass, number>>
  readonly maxWaiting: number
  readonly maxWaitMs: number
}

interface Waiting {
  readonly rank: number
  readonly start: (client: ClickHouseClient) => void
}

/** Hands out readers: faster classes first, within a class first come, first served. */
export function createReaderPool({ readers, shares, maxWaiting, maxWaitMs }: PoolOptions): AcquireReader {
  const idle = [...readers]
  const held = queryClasses.map(() => 0)
  const waiting = new Set<Waiting>()

  /** Whether the classes from each rank up to this one have a reader left. */
  const mayStart = (rank: number): boolean => {
    let heldFromRank = held.slice(rank + 1).reduce((sum, count) => sum + count, 0)
    for (let index = rank; index >= 0; index--) {
      heldFromRank += held[index] ?? 0
      const queryClass = queryClasses[index]
      if (queryClass !== undefined && heldFromRank >= shares[queryClass]) return false
    }
    return true
  }

  function startWaiting(): void {
    for (let rank = 0; rank < queryClasses.length && idle.length > 0; rank++) {
      for (const entry of waiting) {
        if (entry.rank !== rank) continue
        if (idle.length === 0 || !mayStart(rank)) break
        const client = idle.pop()
        if (client === undefined) return
        waiting.delete(entry)
        held[rank] = (held[rank] ?? 0) + 1
        entry.start(client)
      }
    }
  }

  function lease(client: ClickHouseClient, rank: number): Lease {
    let released = false
    return {
      client,
      release() {
        if (released) return
        released = true
        held[rank] = (held[rank] ?? 0) - 1
        idle.push(client)
        startWaiting()
      },
    }
  }

  return (queryClass, signal) => {
    if (signal?.aborted) return Promise.reject(signal.reason)
    if (waiting.size >= maxWaiting)
      return Promise.reject(new OpsError('overloaded', 'too many queries wait for the store'))
    const rank = queryClasses.indexOf(queryClass)
    return new Promise((resolve, reject) => {
      const leave = (reason: unknown) => {
        stopWaiting()
        waiting.delete(entry)
        reject(reason)
      }
      const onAbort = () => leave(signal?.reason)
      const timer = setTimeout(
        () => leave(new OpsError('overloaded', 'the store is busy with other queries')),
        maxWaitMs,
      )
      const stopWaiting = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
      }
      const entry: Waiting = {
        rank,
        start(client) {
          stopWaiting()
          resolve(lease(client, rank))
        },
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      waiting.add(entry)
      startWaiting()
    })
  }
}
