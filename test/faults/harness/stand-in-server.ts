import { setTimeout as sleep } from 'node:timers/promises'
import { childEnv } from './child-env.ts'
import { exitOf, spawnChild } from './children.ts'

const mainScript = new URL('../../../src/main.ts', import.meta.url).pathname
const startTimeoutMs = 60_000

/**
 * `ops-sidecar clickhouse-http`: the embedded engine in a process of its own behind ClickHouse's HTTP interface. What
 * the sidecar's server path is run against where no ClickHouse server is to be had.
 */
export interface StandInServer {
  readonly url: string
  /** Ends it at once and waits for its end. */
  kill(): Promise<void>
  /** Starts it again on the same directory and port. */
  start(): Promise<void>
  pause(): void
  resume(): void
}

export async function startStandInServer(dataDir: string): Promise<StandInServer> {
  let { child, port } = await spawnStandIn(dataDir, 0)
  return {
    url: `http://127.0.0.1:${port}`,
    async kill() {
      child.kill('SIGKILL')
      await exitOf(child)
    },
    async start() {
      ;({ child, port } = await spawnStandIn(dataDir, port))
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
  }
}

async function spawnStandIn(dataDir: string, port: number) {
  const child = spawnChild([process.execPath, mainScript, 'clickhouse-http', '--writable'], {
    env: childEnv({ OPS_DATA_DIR: dataDir, OPS_CLICKHOUSE_HTTP_PORT: String(port) }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const listening = new Promise<number>((resolve) => {
    let stdout = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      const match = /http:\/\/[\d.]+:(\d+)\//.exec(stdout)
      if (match) resolve(Number(match[1]))
    })
  })
  const first = await Promise.race([
    listening,
    exitOf(child),
    sleep(startTimeoutMs, undefined, { ref: false }),
  ])
  if (typeof first !== 'number') throw new Error(`the stand-in server does not start: ${stderr.slice(-500)}`)
  return { child, port: first }
}
