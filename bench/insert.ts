/**
 * What does an insert of delivery cost the embedded engine, by its rows, alone and with the merges that follow it?
 *
 * The rows are those of the ingest bench, with ids and times of their own, inserted as delivery does. Processor time is that of the
 * whole process while an insert runs, merges stopped; then that of inserts in a row with the merges that they make, from the first
 * insert until nothing is merged any more, without what making the rows took.
 */
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import { loadConfig } from '../src/config.ts'
import { createDecodeExport } from '../src/decoding/decode-export.ts'
import { toBatch } from '../src/delivery/freeze-cycle.ts'
import { defaultRedaction } from '../src/redaction/redaction-settings.ts'
import { openStoreClients, type StoreClients } from '../src/store/client.ts'
import { createInsertBatch } from '../src/store/insert-batch.ts'
import { migrate, readMigrations } from '../src/store/migrate.ts'
import { readRows } from '../src/store/read-rows.ts'
import { createPayloads, spansPerRequest, stamp } from './ingest/payload.ts'
import { untilMerged } from './query/data.ts'

const pauseMs = 100

/** Milliseconds of CPU: of the process while the insert runs, and of the main thread for making its rows before. */
type Insert = (rowCount: number) => Promise<{ cpuMs: number; makingMs: number }>

export async function run(args: readonly string[]): Promise<void> {
  const options = new Command('bench insert')
    .option('--rows <number...>', 'rows of an insert', (rows, all: number[]) => [...all, Number(rows)], [])
    .option('--times <number>', 'inserts of each size', Number, 30)
    .parse(args, { from: 'user' })
    .opts<{ rows: number[]; times: number }>()
  const sizes = options.rows.length === 0 ? [5, 500, 7500] : options.rows
  const directory = await mkdtemp(join(tmpdir(), 'ops-bench-'))
  const clients = await openStoreClients(loadConfig({ OPS_DATA_DIR: directory }))
  try {
    await migrate(clients.writer, readMigrations(new URL('../clickhouse', import.meta.url).pathname))
    const insert = await createInsert(clients, join(directory, 'insert'))
    const lines = [
      '| rows | an insert, ms of CPU | a row, µs | with merges, an insert, ms | a row, µs | rows merged for each |',
      '| --: | --: | --: | --: | --: | --: |',
    ]
    for (const rows of sizes) {
      const alone = await insertAlone(clients, insert, rows, options.times)
      const { cpuMs, merged } = await insertAndMerge(clients, insert, rows, options.times)
      const cells = [
        rows,
        alone.toFixed(1),
        ((alone * 1000) / rows).toFixed(1),
        cpuMs.toFixed(1),
        ((cpuMs * 1000) / rows).toFixed(1),
        merged.toFixed(1),
      ]
      lines.push(`| ${cells.join(' | ')} |`)
    }
    process.stdout.write(`${lines.join('\n')}\n`)
  } finally {
    await clients.close()
    await rm(directory, { recursive: true, force: true })
  }
}

/** Median milliseconds of CPU. */
async function insertAlone(
  { writer }: StoreClients,
  insert: Insert,
  rows: number,
  times: number,
): Promise<number> {
  await writer.command({ query: 'TRUNCATE TABLE ops_upstream_error_events' })
  await writer.command({ query: 'SYSTEM STOP MERGES' })
  const taken: number[] = []
  for (let i = 0; i < times; i++) taken.push((await insert(rows)).cpuMs)
  await writer.command({ query: 'SYSTEM START MERGES' })
  return taken.toSorted((a, b) => a - b)[Math.floor(times / 2)] ?? 0
}

/** Milliseconds of CPU for each insert with its share of the merges, and how often each row was merged. */
async function insertAndMerge(
  { writer }: StoreClients,
  insert: Insert,
  rows: number,
  times: number,
): Promise<{ cpuMs: number; merged: number }> {
  await writer.command({ query: 'TRUNCATE TABLE ops_upstream_error_events' })
  await untilMerged(writer)
  const mergedBefore = await mergedRows(writer)
  const before = process.cpuUsage()
  let makingMs = 0
  for (let i = 0; i < times; i++) {
    makingMs += (await insert(rows)).makingMs
    await sleep(pauseMs)
  }
  await untilMerged(writer)
  const { user, system } = process.cpuUsage(before)
  const cpuMs = (user + system) / 1000 - makingMs
  return { cpuMs: cpuMs / times, merged: ((await mergedRows(writer)) - mergedBefore) / (times * rows) }
}

async function mergedRows(writer: StoreClients['writer']): Promise<number> {
  const [row] = await readRows<[string | number]>(
    writer,
    `SELECT value FROM system.events WHERE event = 'MergedRows'`,
  )
  return Number(row?.[0] ?? 0)
}

async function createInsert(clients: StoreClients, scratchDirectory: string): Promise<Insert> {
  const insertBatch = await createInsertBatch(clients, scratchDirectory)
  const payloads = await createPayloads('protobuf', spansPerRequest)
  const decode = createDecodeExport({
    exceptionEvents: true,
    derivedRequestErrors: false,
    maxAgeMs: 30 * 86_400_000,
    bodyMaxBytes: 16_384,
    redaction: defaultRedaction,
  })
  let requests = 0
  return async (rowCount) => {
    const making = process.threadCpuUsage()
    const exports = Array.from({ length: Math.ceil(rowCount / spansPerRequest) }, () => {
      const payload = payloads[requests % payloads.length] as (typeof payloads)[number]
      const body = Buffer.from(payload.bytes)
      stamp(payload, body, (requests++).toString(16).padStart(16, 'a'), Date.now())
      return decode('traces', 'protobuf', body, false)
    })
    const batch = toBatch(randomUUID(), exports.flatMap(({ rows }) => rows).slice(0, rowCount))
    const made = process.threadCpuUsage(making)

    const before = process.cpuUsage()
    await insertBatch(batch, batch.id)
    const { user, system } = process.cpuUsage(before)
    for (const { releaseRows } of exports) releaseRows()
    return { cpuMs: (user + system) / 1000, makingMs: (made.user + made.system) / 1000 }
  }
}
