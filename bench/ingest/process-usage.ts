import { readdirSync, readFileSync } from 'node:fs'

/** What Linux has counted for a process, all its threads together. */
export interface ProcessUsage {
  readonly cpuSeconds: number
  readonly rssBytes: number
  /** Highest resident memory since the process started. */
  readonly peakRssBytes: number
}

/** USER_HZ: fixed at 100 for user space on Linux (proc_pid_stat(5)). */
const ticksPerSecond = 100

export function readUsage(pid: number): ProcessUsage {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return {
    cpuSeconds: cpuSecondsOf(`/proc/${pid}/stat`),
    rssBytes: kilobytes(status, 'VmRSS'),
    peakRssBytes: kilobytes(status, 'VmHWM'),
  }
}

/** Of threads of one name, together. */
export interface ThreadTimes {
  readonly name: string
  readonly ranMs: number
  /** Ready to run, while others had the processor. */
  readonly waitedMs: number
}

/** By the number of the thread. Threads that have ended are not in it. */
export function readThreadTimes(pid: number): Map<string, ThreadTimes> {
  const times = new Map<string, ThreadTimes>()
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const directory = `/proc/${pid}/task/${thread}`
    const [ranNs = 0, waitedNs = 0] = readFileSync(`${directory}/schedstat`, 'utf8').split(' ').map(Number)
    times.set(thread, { name: nameOf(pid, thread), ranMs: ranNs / 1e6, waitedMs: waitedNs / 1e6 })
  }
  return times
}

/** What was added between two readings, by the name of the threads. */
export function timesBetween(
  before: ReadonlyMap<string, ThreadTimes>,
  after: ReadonlyMap<string, ThreadTimes>,
): Map<string, ThreadTimes> {
  const sums = new Map<string, ThreadTimes>()
  for (const [thread, { name, ranMs, waitedMs }] of after) {
    const sum = sums.get(name) ?? { name, ranMs: 0, waitedMs: 0 }
    const earlier = before.get(thread) ?? { ranMs: 0, waitedMs: 0 }
    sums.set(name, {
      name,
      ranMs: sum.ranMs + ranMs - earlier.ranMs,
      waitedMs: sum.waitedMs + waitedMs - earlier.waitedMs,
    })
  }
  return sums
}

function nameOf(pid: number, thread: string): string {
  return thread === String(pid) ? 'main' : readFileSync(`/proc/${pid}/task/${thread}/comm`, 'utf8').trim()
}

function cpuSecondsOf(statPath: string): number {
  const stat = readFileSync(statPath, 'utf8')
  // The second field is the command in parentheses and may hold anything; the third follows the last of them.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

function kilobytes(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024
}
