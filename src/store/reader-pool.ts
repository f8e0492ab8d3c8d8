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
  /** Of each class, so that a line of slow queries refuses no fast one. */
  readonly maxWaiting: number
  readonly maxWaitMs: number
}

interface Waiting {
  readonly start: (client: ClickHouseClient) => void
}

/** Hands out readers: faster classes first, within a class first come, first served. */
export function createReaderPool({ readers, shares, maxWaiting, maxWaitMs }: PoolOptions): AcquireReader {
  const idle = [...readers]
  const held = queryClasses.map(() => 0)
  const lines = queryClasses.map(() => new Set<Waiting>())

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
    for (const [rank, line] of lines.entries()) {
      for (const entry of line) {
        if (!mayStart(rank)) break
        const client = idle.pop()
        if (client === undefined) return
        line.delete(entry)
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
    const rank = queryClasses.indexOf(queryClass)
    const line = lines[rank] as Set<Waiting>
    if (line.size >= maxWaiting)
      return Promise.reject(new OpsError('overloaded', 'too many queries wait for the store'))
    return new Promise((resolve, reject) => {
      const leave = (reason: unknown) => {
        stopWaiting()
        line.delete(entry)
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
        start(client) {
          stopWaiting()
          resolve(lease(client, rank))
        },
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      line.add(entry)
      startWaiting()
    })
  }
}
