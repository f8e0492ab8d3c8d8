import { InterfaceError } from './exception.ts'

/** Waits for a slot; the result gives it back. */
export type AcquireSlot = () => Promise<() => void>

/**
 * At most `running` holders at a time and `waiting` behind them, first come, first served.
 * @throws InterfaceError `TOO_MANY_SIMULTANEOUS_QUERIES` from the call, when too many wait or the wait took too long.
 */
export function createQuerySlots(running: number, waiting: number, maxWaitMs: number): AcquireSlot {
  let free = running
  const queue = new Set<() => void>()
  const refusal = () => new InterfaceError('TOO_MANY_SIMULTANEOUS_QUERIES', 'Too many simultaneous queries.')
  const release = (): (() => void) => {
    let released = false
    return () => {
      if (released) return
      released = true
      free++
      const [next] = queue
      next?.()
    }
  }
  return () => {
    if (free > 0) {
      free--
      return Promise.resolve(release())
    }
    if (queue.size >= waiting) return Promise.reject(refusal())
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        queue.delete(start)
        reject(refusal())
      }, maxWaitMs)
      const start = () => {
        clearTimeout(timer)
        queue.delete(start)
        free--
        resolve(release())
      }
      queue.add(start)
    })
  }
}
