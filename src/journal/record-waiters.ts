/** Promises that wait for a record beyond a sequence. */
export interface RecordWaiters {
  /** Resolves when `wake` is called with a higher sequence, after the timeout, or on `close`. */
  wait(after: number, timeoutMs: number): Promise<void>
  wake(durableSequence: number): void
  close(): void
}

export function createRecordWaiters(): RecordWaiters {
  const waiters = new Set<{ readonly after: number; readonly done: () => void }>()
  let closed = false
  return {
    wait(after, timeoutMs) {
      if (closed) return Promise.resolve()
      return new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer)
          waiters.delete(waiter)
          resolve()
        }
        const waiter = { after, done }
        const timer = setTimeout(done, timeoutMs)
        waiters.add(waiter)
      })
    },
    wake(durableSequence) {
      for (const waiter of waiters) if (waiter.after < durableSequence) waiter.done()
    },
    close() {
      closed = true
      for (const waiter of waiters) waiter.done()
    },
  }
}
