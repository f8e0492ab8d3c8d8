import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { measuredCore, pinnedTo } from './pinning.ts'
import type { Target } from './target.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
/** The program as it is installed and in the image: compiled, with the environment and the arguments for node that its first line names. */
const mainScript = join(root, 'dist/main.js')
const countScript = fileURLToPath(new URL('./count-rows.ts', import.meta.url))

export interface SidecarOptions {
  /** A ClickHouse server instead of the embedded engine. */
  readonly clickhouseUrl?: string
  /** Arguments for node, such as `--cpu-prof`. */
  readonly nodeArguments?: readonly string[]
}

/**
 * Builds the sidecar and starts it with its default settings, a fresh data directory and free ports; without derived
 * records of requests, so that an error is one row, as it is for the peers.
 */
export async function startSidecarTarget(options: SidecarOptions = {}): Promise<Target & { apiUrl: string }> {
  built ??= build()
  const { nodeArguments, environment } = built
  const dataDir = mkdtempSync(join(tmpdir(), 'ops-bench-'))
  const command = [
    ...pinnedTo(measuredCore),
    process.execPath,
    ...nodeArguments,
    ...(options.nodeArguments ?? []),
    mainScript,
  ]
  const child = spawn(command[0] as string, command.slice(1), {
    env: {
      PATH: process.env.PATH,
      ...environment,
      OPS_DATA_DIR: dataDir,
      OPS_OTLP_PORT: '0',
      OPS_OTLP_GRPC_PORT: '0',
      OPS_API_PORT: '0',
      OPS_DERIVED_REQUEST_ERRORS: 'false',
      ...(options.clickhouseUrl === undefined ? {} : { OPS_CLICKHOUSE_URL: options.clickhouseUrl }),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const banner = await new Promise<RegExpExecArray>((resolve, reject) => {
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      const match = /OTLP\/HTTP {2}(http:\S+)[\s\S]*?API {2,}(http:\S+)[\s\S]*curl/.exec(text)
      if (match) resolve(match)
    })
    exited.then(() => reject(new Error('the sidecar ended before it was up')))
  })
  const apiUrl = banner[2] ?? ''
  return {
    name: 'ops-sidecar',
    mustDeliverAll: true,
    // taskset replaces itself with the command.
    pid: child.pid ?? 0,
    otlpUrl: banner[1] ?? '',
    apiUrl,
    async deliveredRows() {
      const metrics = await readMetrics(apiUrl)
      const lost = ['duplicate', 'rejected', 'dead_lettered'].filter(
        (name) => (metrics.get(`ops_events_${name}_total`) ?? 0) > 0,
      )
      if (lost.length > 0) throw new Error(`events were counted as ${lost.join(', ')}`)
      return metrics.get('ops_events_stored_total') ?? 0
    },
    async stop(expectedRows) {
      child.kill('SIGTERM')
      await exited
      try {
        if (options.clickhouseUrl === undefined) checkStore(dataDir, expectedRows)
      } finally {
        rmSync(dataDir, { recursive: true, force: true })
      }
    },
  }
}

/** What the first line of the program names. */
interface Build {
  readonly nodeArguments: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

let built: Build | undefined

function build(): Build {
  const tsc = join(root, 'node_modules/.bin/tsc')
  const { status } = spawnSync(tsc, ['-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' })
  if (status !== 0) throw new Error('the sidecar does not build')
  const [firstLine = ''] = readFileSync(mainScript, 'utf8').split('\n', 1)
  const words = firstLine.split(' ')
  return {
    nodeArguments: words.filter((word) => word.startsWith('--')),
    environment: Object.fromEntries(
      words.flatMap((word) => {
        const [, name = '', value = ''] = /^([A-Z_]+)=(.*)$/.exec(word) ?? []
        return name === '' ? [] : [[name, value]]
      }),
    ),
  }
}

/** Samples of `/metrics`, summed over their labels. */
async function readMetrics(apiUrl: string): Promise<ReadonlyMap<string, number>> {
  const answer = await fetch(`${apiUrl}/metrics`)
  const sums = new Map<string, number>()
  for (const [, name, value] of (await answer.text()).matchAll(/^(ops_\w+)(?:\{[^}]*\})? (\S+)$/gm)) {
    if (name !== undefined) sums.set(name, (sums.get(name) ?? 0) + Number(value))
  }
  return sums
}

/** Counts in a process of its own: the engine binds one data directory for the life of a process. */
function checkStore(dataDir: string, expectedRows: number): void {
  const { stdout, stderr, status } = spawnSync(process.execPath, [countScript, dataDir], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`rows could not be counted: ${stderr}`)
  const { rows, events } = JSON.parse(stdout) as { rows: number; events: number }
  if (rows !== expectedRows || events !== expectedRows) {
    throw new Error(
      `${expectedRows} events were acknowledged, but ClickHouse holds ${rows} rows of ${events} events`,
    )
  }
}
