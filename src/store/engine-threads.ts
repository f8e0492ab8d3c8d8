import { readdirSync, readFileSync } from 'node:fs'
import { constants, getPriority, setPriority } from 'node:os'

/**
 * What the engine calls its threads. Those of Node are not among them: `libuv-worker`, `V8Worker` and the main thread
 * are what exporters wait for.
 */
const engineThread = /^(ThreadPool|Query|RuntimeData|Merge|Move|Fetch|Common|Bg|MemoryWorker|PoolDelayExec)/
const nodeThread = /^(libuv-worker|V8Worker|DelayedTask|SignalInspector)/

/**
 * Merges and inserts run on two or three threads at a time. With as much right to a processor as the main thread they
 * hold up every step of a commit by some milliseconds. While one core has all it can do they get less of it, about half,
 * and the journal takes what the store is behind: docs/performance-notes.md, "Time to the answer".
 */
const engineNice = 8

/** New threads are those that earlier ones were too few for: seldom, after the first minute. */
const intervalMs = 500

/**
 * Gives the threads of the embedded engine a lower priority than those that take exports in, now and as they come. Only
 * Linux has priorities of threads; elsewhere nothing is done.
 */
export function lowerEngineThreads(): { stop(): void } {
  if (process.platform !== 'linux') return { stop() {} }
  /** Threads that need no second look. */
  let known = new Set<string>()
  const lower = (): void => {
    const threads = listThreads()
    const looked = new Set<string>()
    for (const thread of threads) {
      if (known.has(thread) || settle(thread)) looked.add(thread)
    }
    known = looked
  }
  lower()
  const timer = setInterval(lower, intervalMs)
  timer.unref()
  return { stop: () => clearInterval(timer) }
}

function listThreads(): readonly string[] {
  try {
    return readdirSync('/proc/self/task')
  } catch {
    // Without /proc there is nothing to be done.
    return []
  }
}

/** @returns true when it need not be looked at again: a thread without a name may be given one. */
function settle(thread: string): boolean {
  try {
    const name = readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim()
    if (nodeThread.test(name)) return true
    if (!engineThread.test(name)) return false
    setPriority(Number(thread), Math.min(getPriority() + engineNice, constants.priority.PRIORITY_LOW))
    return true
  } catch {
    // It has ended, or the system does not allow it.
    return false
  }
}
