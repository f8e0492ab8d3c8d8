/**
 * How long after a start on a full journal does the sidecar receive, and how long until all of it is stored?
 *
 * The journal is written as a sidecar leaves it that is killed: segments full of rows, the last one with its
 * preallocated rest. Then a sidecar starts on it, with default settings, and is sent exports until it has stored all.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { loadConfig } from '../src/config.ts'
import { createDecodeExport } from '../src/decoding/decode-export.ts'
import { encodeRowRecord } from '../src/event/row-record.ts'
import type { EncodedRow } from '../src/event/tables.ts'
import { openConfiguredJournal } from '../src/open-configured-journal.ts'
import { defaultRedaction } from '../src/redaction/redaction-settings.ts'
import { createPayloads, type Payload, spansPerRequest, stamp } from './ingest/payload.ts'

const mainScript = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const pauseMs = 50
/** An export of upstream errors only, as a gateway in trouble sends them. */
const errorsPerRequest = spansPerRequest

export async function run(args: readonly string[]): Promise<void> {
  const options = new Command('bench restart')
    .option('--megabytes <number>', 'rows in the journal', Number, 1024)
    .option('--starts <number>', 'starts on the journal before the one that is left to store it', Number, 3)
    .parse(args, { from: 'user' })
    .opts<{ megabytes: number; starts: number }>()
  const dataDir = mkdtempSync(join(tmpdir(), 'ops-bench-restart-'))
  try {
    const [payload] = await createPayloads('protobuf', errorsPerRequest)
    if (payload === undefined) throw new Error('no payload')
    const filled = await fillJournal(dataDir, payload, options.megabytes * 1e6)
    print(`journal: ${filled.rows} rows, ${Math.round(filled.bytes / 1e6)} MB`)
    for (let start = 1; start < options.starts; start++) {
      const sidecar = await startSidecar(dataDir)
      print(`start ${start}: receives after ${Math.round(sidecar.readyMs)} ms`)
      sidecar.child.kill('SIGKILL')
      await once(sidecar.child, 'exit')
    }
    await drain(dataDir, payload, options.starts)
    await filled.journal.close()
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

/** Appends rows as the receiver would, each with an id of its own. The journal is left open: closing it tidies up. */
async function fillJournal(dataDir: string, payload: Payload, wantedBytes: number) {
  const config = loadConfig({ OPS_DATA_DIR: dataDir })
  const journal = await openConfiguredJournal(config, 0)
  const decode = createDecodeExport({
    exceptionEvents: config.exceptionEvents,
    derivedRequestErrors: config.derivedRequestErrors,
    maxAgeMs: config.retentionMs,
    bodyMaxBytes: config.bodyMaxBytes,
    redaction: defaultRedaction,
  })
  const body = Buffer.from(payload.bytes)
  stamp(payload, body, randomId(), Date.now())
  const decoded = decode('traces', 'protobuf', body, false)
  let rows = 0
  let bytes = 0
  while (bytes < wantedBytes) {
    const record = encodeRowRecord(decoded.rows.map(withNewId))
    const result = await journal.append(record)
    if (result.status === 'refused') throw new Error(`the journal refuses: ${result.reason}`)
    rows += decoded.rows.length
    bytes += record.length
  }
  return { journal, rows, bytes }
}

function withNewId(row: EncodedRow): EncodedRow {
  randomFillSync(row.bytes, 0, 16)
  return row
}

interface Started {
  readonly child: ChildProcess
  readonly otlpUrl: string
  readonly apiUrl: string
  readonly readyMs: number
}

/** `readyMs` is from the start of the process until an export is answered. */
async function startSidecar(dataDir: string): Promise<Started> {
  const otlpUrl = `http://127.0.0.1:${await freePort()}`
  const startedAtMs = performance.now()
  const child = spawn(process.execPath, [mainScript], {
    env: {
      PATH: process.env.PATH,
      OPS_DATA_DIR: dataDir,
      OPS_OTLP_PORT: new URL(otlpUrl).port,
      OPS_OTLP_GRPC_PORT: '0',
      OPS_API_PORT: '0',
      OPS_LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const empty = () => fetch(`${otlpUrl}/v1/traces`, { method: 'POST', headers, body: '{}' })
  while (!(await empty().catch(() => undefined))?.ok) {
    if (child.exitCode !== null) throw new Error('the sidecar ended before it was up')
    await sleep(10)
  }
  const readyMs = performance.now() - startedAtMs
  let text = ''
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    text += chunk
    const apiUrl = /API {2,}(http:\S+)[\s\S]*curl/.exec(text)?.[1]
    if (apiUrl) return { child, otlpUrl, apiUrl, readyMs }
  }
  throw new Error('the sidecar ended before it was up')
}

const headers = { 'content-type': 'application/json' }

/** A port of loopback that nothing listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function drain(dataDir: string, payload: Payload, start: number): Promise<void> {
  const { child, otlpUrl, apiUrl, readyMs } = await startSidecar(dataDir)
  print(`start ${start}: receives after ${Math.round(readyMs)} ms`)
  const startedAtMs = performance.now()
  const body = Buffer.from(payload.bytes)
  let slowestMs = 0
  let received = 0
  let metrics = await readCounters(apiUrl)
  // Until the records that it found are stored; what came meanwhile may still wait.
  do {
    stamp(payload, body, randomId(), Date.now())
    const sentAtMs = performance.now()
    const answer = await fetch(`${otlpUrl}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
      body: new Uint8Array(body),
    })
    await answer.arrayBuffer()
    slowestMs = Math.max(slowestMs, performance.now() - sentAtMs)
    if (answer.status === 200) received += payload.errorCount
    await sleep(pauseMs)
    metrics = await readCounters(apiUrl)
  } while (!(metrics.recovered > 0 && metrics.lagSeconds * 1000 < performance.now() - startedAtMs))
  const seconds = (performance.now() - startedAtMs) / 1000
  print(
    `stored: all of ${metrics.recovered} recovered rows after ${seconds.toFixed(1)} s, while ${received} were received; slowest answer ${Math.round(slowestMs)} ms`,
  )
  child.kill('SIGTERM')
  await once(child, 'exit')
}

async function readCounters(apiUrl: string) {
  const text = await (await fetch(`${apiUrl}/metrics`)).text()
  const sum = (name: string) =>
    [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].reduce(
      (total, match) => total + Number(match[1]),
      0,
    )
  return { recovered: sum('ops_events_recovered_total'), lagSeconds: sum('ops_delivery_lag_seconds') }
}

function randomId(): string {
  return randomFillSync(Buffer.alloc(8)).toString('hex')
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
