/** How long do an operator's questions take over HTTP, and over the collector's otel_traces with the same events? */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { ClickHouseClient } from '@clickhouse/client'
import pino from 'pino'
import { createCheckAccess } from '../src/access/token.ts'
import { buildApi } from '../src/api/server.ts'
import { loadConfig } from '../src/config.ts'
import { createMetrics } from '../src/metrics/metrics.ts'
import { openStoreClients } from '../src/store/client.ts'
import { migrate, readMigrations } from '../src/store/migrate.ts'
import { createStoreReader } from '../src/store/query.ts'
import { createStoredBatches } from '../src/store/stored-batches.ts'
import { generateEvents } from './query/generate.ts'
import { fillOtelTraces } from './query/otel-traces.ts'
import { type Known, questions } from './query/questions.ts'

const dayMs = 86_400_000
const usage = 'options: --rows 2000000 --runs 15 --seed 1 --no-otel\n'
/** A query over otel_traces that takes longer than this is run only once more. */
const slowMs = 3000

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: 'string', default: '2000000' },
      runs: { type: 'string', default: '15' },
      seed: { type: 'string', default: '1' },
      'no-otel': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return print(usage)
  const rows = Number(values.rows)
  const runs = Number(values.runs)
  const directory = await mkdtemp(join(tmpdir(), 'ops-sidecar-bench-'))
  const config = loadConfig({
    OPS_DATA_DIR: directory,
    OPS_EMBEDDED_MEMORY_BYTES: '4GiB',
    OPS_QUERY_TIMEOUT: '60s',
  })
  const clients = await openStoreClients(config)
  try {
    await migrate(clients.writer, readMigrations(fileURLToPath(new URL('../clickhouse', import.meta.url))))
    const toMs = Math.floor(Date.now() / 60_000) * 60_000
    const fromMs = toMs - 28 * dayMs
    await load(clients.writer, rows, () =>
      generateEvents(clients.writer, { rows, seed: Number(values.seed), fromMs, toMs }),
    )
    const known = await lookUp(clients.writer, fromMs, toMs)
    const asked = questions(known)
    if (!values['no-otel']) {
      const startedAt = performance.now()
      await fillOtelTraces(clients.writer)
      print(`otel_traces filled in ${seconds(performance.now() - startedAt)}\n`)
      await size(clients.writer, 'otel_traces')
    }
    const app = await buildApi({
      reader: createStoreReader(clients, { timeoutMs: 60_000, maxMemoryBytes: 2 * 2 ** 30 }),
      storedBatches: createStoredBatches(),
      scratchDirectory: join(directory, 'export'),
      metrics: createMetrics(),
      readiness: async () => ({}),
      host: '127.0.0.1',
      checkAccess: createCheckAccess([]),
      version: 'bench',
      log: pino({ level: 'silent' }),
    })
    const url = `${await app.listen({ port: 0, host: '127.0.0.1' })}/api/v1/upstream-errors`
    const counted = (await (await fetch(`${url}/count?from=now-30d&service_name=!x`)).json()) as {
      count: number
    }
    if (counted.count !== rows) throw new Error(`${counted.count} events are stored, not ${rows}`)

    print(
      `\n| question, ${rows} events | first | p50 ms | p99 ms | otel_traces p50 ms | ratio |\n|---|--:|--:|--:|--:|--:|\n`,
    )
    const [reader] = clients.readers
    for (const { name, path, otel } of asked) {
      const ours = await measure(runs, async () => {
        const answer = await fetch(`${url}${path}`)
        const text = await answer.text()
        if (answer.status !== 200) throw new Error(`${path}: ${text}`)
      })
      const theirs =
        otel === undefined || values['no-otel'] || reader === undefined
          ? undefined
          : await measure(runs, async () => {
              await (
                await reader.query({
                  query: `${otel} SETTINGS max_memory_usage = 2147483648`,
                  format: 'JSON',
                })
              ).json()
            })
      const compared = theirs ? `${theirs.p50.toFixed(1)} | ${(theirs.p50 / ours.p50).toFixed(1)}` : ' | '
      print(
        `| ${name} | ${ours.first.toFixed(1)} | ${ours.p50.toFixed(1)} | ${ours.p99.toFixed(1)} | ${compared} |\n`,
      )
    }
    await app.close()
  } finally {
    await clients.close()
    await rm(directory, { recursive: true, force: true })
  }
}

async function load(client: ClickHouseClient, rows: number, generate: () => Promise<void>): Promise<void> {
  const startedAt = performance.now()
  await generate()
  const elapsedMs = performance.now() - startedAt
  print(
    `${rows} events in ${seconds(elapsedMs)}: ${Math.round(rows / elapsedMs) * 1000} rows/s with all indexes and rollups\n`,
  )
  await size(client, 'ops_upstream_error_events')
}

async function size(client: ClickHouseClient, table: string): Promise<void> {
  const [row] = await read<{ bytes: number; n: number; parts: number }>(
    client,
    `SELECT toFloat64(sum(bytes_on_disk)) AS bytes, toFloat64(sum(rows)) AS n, toFloat64(count()) AS parts
      FROM system.parts WHERE active AND table = '${table}'`,
  )
  if (row) print(`${table}: ${(row.bytes / row.n).toFixed(0)} bytes a row on disk, ${row.parts} parts\n`)
}

/** Ids of events in the middle of the range, where no cache helps. */
async function lookUp(client: ClickHouseClient, fromMs: number, toMs: number): Promise<Known> {
  const [row] = await read<{ event_id: string; request_id: string; trace_id: string; ms: number }>(
    client,
    `SELECT event_id, request_id, trace_id, toFloat64(toUnixTimestamp64Milli(created_at)) AS ms FROM ops_upstream_error_events
      WHERE created_at >= fromUnixTimestamp64Milli(${Math.trunc((fromMs + toMs) / 2)}) ORDER BY created_at LIMIT 1`,
  )
  if (row === undefined) throw new Error('there are no events')
  return {
    fromMs,
    toMs,
    requestId: row.request_id,
    traceId: row.trace_id,
    eventId: row.event_id,
    middle: { createdAtMs: row.ms, eventId: row.event_id },
  }
}

async function read<Row>(client: ClickHouseClient, query: string): Promise<Row[]> {
  return (await client.query({ query, format: 'JSONEachRow' })).json<Row>()
}

async function measure(
  runs: number,
  ask: () => Promise<void>,
): Promise<{ first: number; p50: number; p99: number }> {
  const times: number[] = []
  for (let index = 0; index < runs + 1; index++) {
    const startedAt = performance.now()
    await ask()
    times.push(performance.now() - startedAt)
    if (index > 0 && (times[0] ?? 0) > slowMs) break
  }
  const [first = 0, ...warm] = times
  const sorted = warm.toSorted((a, b) => a - b)
  const quantile = (part: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
  return { first, p50: quantile(0.5), p99: quantile(0.99) }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

function print(text: string): void {
  process.stdout.write(text)
}
