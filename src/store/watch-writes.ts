import type { StoreWrites } from './engine-writes.ts'

/**
 * Well under the time that the engine keeps what a merge has read (clickhouse/embedded/config.xml). The statement that asks takes the
 * engine some milliseconds, which are a sixth of what an idle sidecar takes when it asks every five seconds.
 */
const intervalMs = 15_000

/** Mends the store also while nothing is delivered to it. Failures are told by delivery, and tried again. */
export function watchWrites(writes: StoreWrites): { stop(): Promise<unknown> } {
  let running: Promise<unknown> = Promise.resolve()
  let idle = true
  const timer = setInterval(() => {
    if (!idle) return
    idle = false
    running = writes
      .mend()
      .catch(() => {})
      .finally(() => {
        idle = true
      })
  }, intervalMs)
  timer.unref()
  return {
    stop() {
      clearInterval(timer)
      return running
    },
  }
}
