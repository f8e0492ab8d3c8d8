import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from './support/eventually.ts'
import { json } from './support/json.ts'
import { post, traceExport, upstreamError } from './support/otlp.ts'
import { temporaryDirectory } from './support/sidecar.ts'

const main = new URL('../src/main.ts', import.meta.url).pathname
const children: ChildProcess[] = []
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
beforeEach(async () => {
  directory = await temporaryDirectory()
})
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  await directory.remove()
})

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function start(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [main, ...args], {
    env: {
      PATH: process.env.PATH ?? '',
      OPS_DATA_DIR: directory.path,
      OPS_OTLP_PORT: '0',
      OPS_OTLP_GRPC_PORT: '0',
      OPS_API_PORT: '0',
      ...env,
    },
  })
  children.push(child)
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk
  })
  const ended = once(child, 'exit').then(([code]): Ended => ({ code: code as number | null, stdout, stderr }))
  return { child, ended, stdout: () => stdout }
}

/** Starts the sidecar and waits for its banner. */
async function startSidecar(env: Record<string, string> = {}) {
  const running = start([], env)
  return eventually(async () => {
    const otlp = /OTLP\/HTTP {2}(http:\S+)/.exec(running.stdout())?.[1]
    const api = /API {8}(http:\S+)/.exec(running.stdout())?.[1]
    if (otlp === undefined || api === undefined) throw new Error(`no banner yet: ${running.stdout()}`)
    return { ...running, otlp, api }
  }, 20_000)
}

const oneLine = (text: string): string[] => text.trim().split('\n')

describe('ops-sidecar', () => {
  it('explains itself, tells its version and checks a configuration without starting', async () => {
    const help = await start(['--help']).ended
    expect(help).toMatchObject({ code: 0, stderr: '' })
    expect(help.stdout).toContain('--otlp-port <value>')
    expect(help.stdout).toContain('OPS_CLICKHOUSE_URL')
    expect(await start(['--version']).ended).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    })
    const check = await start(['--check', '--api-port', '81'], { OPS_CLICKHOUSE_PASSWORD: 'secret-word' })
      .ended
    expect(check).toMatchObject({ code: 0, stderr: '' })
    expect(check.stdout).toContain('OPS_API_PORT=81\n')
    expect(check.stdout).toContain('OPS_CLICKHOUSE_PASSWORD=[set]\n')
  })

  it('refuses a wrong value with one line that names it and exit code 2', async () => {
    const ended = await start([], { OPS_BATCH_MAX_ROWS: 'many' }).ended
    expect(ended.code).toBe(2)
    expect(oneLine(ended.stderr)).toEqual([
      'ops-sidecar: OPS_BATCH_MAX_ROWS: "many" is not a whole number from 1 to 1000000. Correct the named setting and start again.',
    ])
  })

  it('exits at once with one line when another process has the data directory, which is not touched', async () => {
    const first = await startSidecar()
    const second = await start([]).ended
    expect(second.code).toBe(1)
    expect(oneLine(second.stderr)).toEqual([
      expect.stringMatching(
        new RegExp(`^ops-sidecar: .* is in use by process ${first.child.pid}, started .*\\.$`),
      ),
    ])
    expect((await fetch(`${first.api}/readyz`)).status).toBe(200)
  })

  it('exits with one line when its port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as { port: number }
    const ended = await start(['--otlp-port', String(port)]).ended
    taken.close()
    expect(ended.code).toBe(1)
    expect(ended.stderr).toContain(`127.0.0.1:${port} is in use`)
  })

  it('drains at SIGTERM, and shows what was stored after a new start', async () => {
    const first = await startSidecar({ OPS_BATCH_MAX_WAIT: '30s', OPS_BATCH_MIN_WAIT: '30s' })
    const sent = await post(
      `${first.otlp}/v1/traces`,
      traceExport([upstreamError({ 'ops.request.id': 'late' })]),
    )
    expect(sent.status).toBe(200)
    first.child.kill('SIGTERM')
    expect(await first.ended).toMatchObject({ code: 0 })
    const inspected = await start(['journal', 'inspect', '--json']).ended
    expect(JSON.parse(inspected.stdout)).toMatchObject({ waiting_records: 0 })
    const second = await startSidecar()
    const list = await json<{ events: unknown[] }>(
      fetch(`${second.api}/api/v1/upstream-errors?request_id=late`),
    )
    expect(list.events).toHaveLength(1)
  })

  it('keeps acknowledged events over kill -9 and stores them once', async () => {
    const first = await startSidecar({ OPS_BATCH_MAX_WAIT: '60s', OPS_BATCH_MIN_WAIT: '60s' })
    const body = traceExport([upstreamError({ 'ops.request.id': 'survivor' })])
    expect((await post(`${first.otlp}/v1/traces`, body)).status).toBe(200)
    first.child.kill('SIGKILL')
    await first.ended
    const second = await startSidecar()
    expect((await post(`${second.otlp}/v1/traces`, body)).status).toBe(200)
    await eventually(async () => {
      const metrics = await (await fetch(`${second.api}/metrics`)).text()
      expect(metrics).toContain('ops_events_stored_total{signal="traces"} 1')
      expect(metrics).toContain('ops_events_duplicate_total{signal="traces"} 1')
      expect(metrics).toContain('ops_events_recovered_total{signal="traces"} 1')
      expect(metrics).toContain('ops_events_pending{signal="traces"} 0')
    })
    const list = await json<{ events: unknown[] }>(
      fetch(`${second.api}/api/v1/upstream-errors?request_id=survivor`),
    )
    expect(list.events).toHaveLength(1)
  })
})

describe('with a ClickHouse server that is away', () => {
  it('accepts exports to the bound of its journal, then answers 503 with Retry-After, and says why it is not ready', async () => {
    const { otlp, api, child, ended } = await startSidecar({
      OPS_CLICKHOUSE_URL: 'http://127.0.0.1:9',
      OPS_JOURNAL_SEGMENT_BYTES: '64KiB',
      OPS_JOURNAL_MAX_BYTES: '1MiB',
      OPS_JOURNAL_MIN_FREE_DISK_BYTES: '0',
      OPS_SHUTDOWN_TIMEOUT: '100ms',
    })
    const ready = await fetch(`${api}/readyz`)
    expect(ready.status).toBe(503)
    expect(await ready.json()).toMatchObject({
      status: 'not_ready',
      checks: { journal: { ok: true }, store: { ok: false } },
    })
    expect((await fetch(`${api}/healthz`)).status).toBe(200)
    const list = await fetch(`${api}/api/v1/upstream-errors`)
    expect(list.status).toBe(503)
    expect(await list.json()).toMatchObject({ code: 'store_unavailable' })

    let accepted = 0
    let refused: Response | undefined
    while (refused === undefined && accepted < 500) {
      const body = traceExport(
        Array.from({ length: 4 }, () => upstreamError({ 'http.response.body.content': 'x'.repeat(3000) })),
      )
      const answer = await post(`${otlp}/v1/traces`, body)
      if (answer.status === 200) accepted++
      else refused = answer
    }
    expect(accepted).toBeGreaterThan(10)
    expect(refused?.status).toBe(503)
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0)
    await eventually(async () => {
      const { checks } = await json<{ checks: object }>(fetch(`${api}/readyz`))
      expect(checks).toMatchObject({
        journal: { ok: false, reason: expect.stringContaining('full') },
        delivery: { ok: false, reason: expect.stringContaining('ECONNREFUSED') },
      })
    })
    child.kill('SIGTERM')
    expect(await ended).toMatchObject({ code: 0 })
    const inspected = await start(['journal', 'inspect', '--json']).ended
    expect(JSON.parse(inspected.stdout)).toMatchObject({ waiting_records: accepted })
  })
})
