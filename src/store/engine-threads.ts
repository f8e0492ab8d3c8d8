import { readdirSync, readFileSync } from 'node:fs'
import { constants, getPriority, setPriority } from 'node:os'

/**
 * Merges and inserts run on two or three threads at a time. With as much right to a processor as the main thread they
 * hold up every step of a commit by some milliseconds. While one core has all it can do they get less of it, about half,
 * and the journal takes what the store is behind: docs/performance-notes.md, "Time to the answer".
 */
const engineNice = 8

/**
 * Node's pool runs the engine's statements, up to where its own threads take over: planning an insert takes 30 to 40 ms each
 * second. What exporters wait for on it, writing and syncing the journal, takes little of a processor, and stays in front
 * of the engine's threads.
 */
const poolNice = 4

const niceOfThread: readonly [RegExp, number][] = [
  [/^(ThreadPool|Query|RuntimeData|Merge|Move|Fetch|Common|Bg|MemoryWorker|PoolDelayExec)/, engineNice],
  [/^libuv-worker/, poolNice],
  // The main thread waits for these when it collects garbage.
  [/^(V8Worker|DelayedTask|SignalInspector)/, 0],
]

/**
 * New threads are those that earlier ones were too few for: seldom, after the first minute. They begin with the priority of the
 * thread that starts them. Listing some sixty threads twice a second was a quarter of what the idle main thread did.
 */
const firstIntervalMs = 500
const longestIntervalMs = 8000

/**
 * Gives the threads of the embedded engine, and those that run its statements, a lower priority than those that take
 * exports in, now and as they come. Only Linux has priorities of threads; elsewhere nothing is done.
 */
export function lowerEngineThreads(): { stop(): void } {
  if (process.platform !== 'linux') return { stop() {} }
  /** Threads that need no second look. */
  let known = new Set<string>()
  let intervalMs = firstIntervalMs
  let timer: NodeJS.Timeout
  const lower = (): void => {
    const looked = new Set<string>()
    let isNew = false
    for (const thread of listThreads()) {
      if (known.has(thread)) looked.add(thread)
      else if (settle(thread)) {
        looked.add(thread)
        isNew = true
      }
    }
    known = looked
    intervalMs = isNew ? firstIntervalMs : Math.min(2 * intervalMs, longestIntervalMs)
    timer = setTimeout(lower, intervalMs).unref()
  }
  lower()
  return { stop: () => clearTimeout(timer) }
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
    const nice = niceOfThread.find(([pattern]) => pattern.test(name))?.[1]
    if (nice === undefined) return false
    if (nice > 0) setPriority(Number(thread), Math.min(getPriority() + nice, constants.priority.PRIORITY_LOW))
    return true
  } catch {
    // It has ended, or the system does not allow it.
    return false
  }
}
