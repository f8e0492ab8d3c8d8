import { randomUUID } from 'node:crypto'
import type { DeliveryStore } from '../delivery/store-port.ts'
import type { Batch } from '../event/batch.ts'
import type { StoredBatchesFile } from './stored-batches-file.ts'

/** A batch that this sidecar has stored, in the order of storing. */
export interface StoredBatch {
  /** From 1. */
  readonly sequence: number
  readonly id: string
  readonly table: string
  /** Both inclusive. */
  readonly minCreatedAtMs: number
  readonly maxCreatedAtMs: number
  readonly storedAtMs: number
}

/** What was stored lately, and the wait for more. Bounded: the oldest are forgotten. */
export interface StoredBatches {
  /** Another one wherever sequences start anew: in each process, unless it goes on from the file of the last one. */
  readonly epoch: string
  /** Of the newest batch; 0 before the first. */
  latest(): number
  /** The batch after a sequence; undefined when there is none yet; `forgotten` when it is not known any more. */
  after(sequence: number): StoredBatch | 'forgotten' | undefined
  /** Resolves to true when there is a batch after the sequence, to false when the time is over or the signal aborts. */
  waitAfter(sequence: number, timeoutMs: number, signal: AbortSignal): Promise<boolean>
  publish(batch: Batch): void
}

const defaultCapacity = 8192

/** @param file where they are kept for the next process. */
export function createStoredBatches(capacity = defaultCapacity, file?: StoredBatchesFile): StoredBatches {
  const before = file?.read()
  const epoch = before?.epoch ?? randomUUID().slice(0, 8)
  const kept = new Map((before?.batches ?? []).slice(-capacity).map((batch) => [batch.sequence, batch]))
  /** A batch that ended in doubt when the last process did is found stored again. */
  const known = new Set([...kept.values()].map(keyOf))
  const waiting = new Set<() => void>()
  let latest = before?.batches.at(-1)?.sequence ?? 0
  let lines = 0
  const rewrite = () => {
    file?.replace(epoch, kept.values())
    lines = kept.size
  }
  rewrite()
  return {
    epoch,
    latest: () => latest,
    after(sequence) {
      if (sequence >= latest) return undefined
      return kept.get(sequence + 1) ?? 'forgotten'
    },
    waitAfter(sequence, timeoutMs, signal) {
      if (sequence < latest) return Promise.resolve(true)
      if (signal.aborted) return Promise.resolve(false)
      return new Promise((resolve) => {
        const end = (stored: boolean) => {
          clearTimeout(timer)
          signal.removeEventListener('abort', onAbort)
          waiting.delete(onStored)
          resolve(stored)
        }
        const onStored = () => end(true)
        const onAbort = () => end(false)
        const timer = setTimeout(() => end(false), timeoutMs)
        signal.addEventListener('abort', onAbort, { once: true })
        waiting.add(onStored)
      })
    },
    publish({ id, table, minCreatedAtMs, maxCreatedAtMs }) {
      const batch = {
        sequence: latest + 1,
        id,
        table,
        minCreatedAtMs,
        maxCreatedAtMs,
        storedAtMs: Date.now(),
      }
      if (known.has(keyOf(batch))) return
      latest++
      kept.set(latest, batch)
      kept.delete(latest - capacity)
      if (++lines > 2 * capacity) rewrite()
      else file?.append(batch)
      for (const wake of [...waiting]) wake()
    },
  }
}

function keyOf({ id, minCreatedAtMs, maxCreatedAtMs }: StoredBatch): string {
  return `${id} ${minCreatedAtMs} ${maxCreatedAtMs}`
}

/**
 * The store, telling of every batch that it stored. An insert that ended in doubt and turns out to be stored is told of
 * when its rollups are repaired, which is the last step of settling it.
 */
export function announceStored(store: DeliveryStore, batches: StoredBatches): DeliveryStore {
  // Not the batch: its rows would be kept as long.
  let last: Pick<Batch, 'id' | 'rowCount'> | undefined
  const announce = (batch: Batch) => {
    last = { id: batch.id, rowCount: batch.rowCount }
    batches.publish(batch)
  }
  return {
    ...store,
    async insert(batch, token) {
      const result = await store.insert(batch, token)
      if (result.status === 'stored') announce(batch)
      return result
    },
    async repairRollups(batch) {
      await store.repairRollups(batch)
      if (last?.id !== batch.id || last.rowCount !== batch.rowCount) announce(batch)
    },
  }
}
