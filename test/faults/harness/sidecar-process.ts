import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { childEnv } from './child-env.ts'
import { type Exit, exitOf, spawnChild } from './children.ts'

const mainScript = new URL('../../../src/main.ts', import.meta.url).pathname
/** As `npm start` and the program's first line have them. */
const nodeArguments = ['--max-semi-space-size=8', '--initial-heap-size=64']
const allocatorEnv = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '1048576',
  MALLOC_TRIM_THRESHOLD_: '2097152',
}
const startTimeoutMs = 60_000

/** A sidecar in a process of its own. */
export interface SidecarProcess {
  readonly pid: number
  readonly otlpUrl: string
  readonly apiUrl: string
  readonly startMs: number
  readonly exited: Promise<Exit>
  /** Undefined while it runs. */
  exit(): Exit | undefined
  stderr(): string
  /** Highest resident memory so far, as Linux keeps it. */
  peakRssBytes(): number
  kill(signal: NodeJS.Signals): void
  /** SIGTERM, then waits; SIGKILL after the time is over. */
  stop(timeoutMs: number): Promise<Exit>
}

/** A start that ended before the banner. */
export interface FailedStart {
  readonly exit: Exit
  readonly stderr: string
}

export type Start =
  | { readonly status: 'up'; readonly sidecar: SidecarProcess }
  | ({ readonly status: 'ended' } & FailedStart)

export interface StartOptions {
  readonly env: Readonly<Record<string, string>>
  /** A command in front of node's, such as strace's. */
  readonly prefix?: readonly string[]
}

/** Starts the sidecar as `npm start` does and waits for its banner or its end. */
export async function startSidecarProcess({ env, prefix = [] }: StartOptions): Promise<Start> {
  const startedAtMs = performance.now()
  const child = spawnChild([...prefix, process.execPath, ...nodeArguments, mainScript], {
    env: childEnv({ ...allocatorEnv, ...env }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  let exit: Exit | undefined
  let peakRssBytes = 0
  const exited = exitOf(child).then((end) => {
    exit = end
    return end
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const banner = new Promise<RegExpExecArray>((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      const match = /OTLP\/HTTP {2}(http:\S+)[\s\S]*?API {2,}(http:\S+)[\s\S]*curl/.exec(stdout)
      if (match) resolve(match)
    })
    sleep(startTimeoutMs, undefined, { ref: false }).then(() => reject(new Error('no banner in a minute')))
  })
  const first = await Promise.race([banner, exited])
  if (!Array.isArray(first)) {
    // What it wrote last may still be on its way.
    await sleep(50)
    return { status: 'ended', exit: first, stderr }
  }
  const pid = child.pid ?? 0
  const sidecar: SidecarProcess = {
    pid,
    otlpUrl: first[1] ?? '',
    apiUrl: first[2] ?? '',
    startMs: performance.now() - startedAtMs,
    exited,
    exit: () => exit,
    stderr: () => stderr,
    peakRssBytes() {
      peakRssBytes = Math.max(peakRssBytes, highWaterMark(pid))
      return peakRssBytes
    },
    kill: (signal) => void child.kill(signal),
    async stop(timeoutMs) {
      child.kill('SIGTERM')
      const inTime = await Promise.race([exited, sleep(timeoutMs, undefined, { ref: false })])
      if (inTime) return inTime
      child.kill('SIGKILL')
      return exited
    },
  }
  return { status: 'up', sidecar }
}

function highWaterMark(pid: number): number {
  try {
    const match = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return Number(match?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}
