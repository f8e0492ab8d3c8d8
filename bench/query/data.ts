import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { ClickHouseClient } from '@clickhouse/client'
import type { StoreClients } from '../../src/store/client.ts'
import { migrate, readMigrations } from '../../src/store/migrate.ts'
import { type Generation, generateEvents } from './generate.ts'
import { generateRequestErrors } from './generate-request-errors.ts'
import type { Known, KnownEvent } from './questions.ts'

const dayMs = 86_400_000
const tableFor = { events: 'ops_upstream_error_events', requestErrors: 'ops_error_logs' }

/**
 * Fills the tables unless an earlier run left them filled in this directory.
 * @returns what they hold.
 */
export async function prepareData(
  clients: StoreClients,
  directory: string,
  rows: number,
  seed: number,
  print: (text: string) => void,
): Promise<Generation> {
  await migrate(clients.writer, readMigrations(fileURLToPath(new URL('../../clickhouse', import.meta.url))))
  const note = join(directory, 'bench.json')
  if (existsSync(note)) {
    const generation = JSON.parse(readFileSync(note, 'utf8')) as Generation
    if (generation.rows !== rows || generation.seed !== seed)
      throw new Error(`${directory} holds ${generation.rows} events of seed ${generation.seed}`)
    return generation
  }
  const toMs = Math.floor(Date.now() / 60_000) * 60_000
  const generation = { rows, seed, fromMs: toMs - 28 * dayMs, toMs }
  for (const [name, generate] of [
    ['events', generateEvents],
    ['requestErrors', generateRequestErrors],
  ] as const) {
    const startedAt = performance.now()
    await generate(clients.writer, generation)
    const seconds = (performance.now() - startedAt) / 1000
    print(
      `${tableFor[name]}: ${rows} rows in ${seconds.toFixed(1)} s, ${Math.round(rows / seconds / 1000)} k rows/s with all indexes and rollups\n`,
    )
  }
  writeFileSync(note, JSON.stringify(generation))
  return generation
}

/** Merges what is left in several parts, as the engine does with weeks and days that are over. */
export async function mergeParts(client: ClickHouseClient, table: string): Promise<void> {
  await client.command({
    query: `OPTIMIZE TABLE ${table} FINAL SETTINGS optimize_skip_merged_partitions = 1`,
  })
}

/**
 * Waits for the background merges that opening a store begins, as each week is rewritten where bodies or rows have become
 * old; questions beside them take twice as long.
 */
export async function untilMerged(client: ClickHouseClient): Promise<void> {
  for (let quiet = 0; quiet < 8; ) {
    await sleep(500)
    const [row] = await read<{ running: number }>(
      client,
      `SELECT toFloat64((SELECT count() FROM system.merges) + (SELECT count() FROM system.mutations WHERE NOT is_done)) AS running`,
    )
    quiet = row?.running === 0 ? quiet + 1 : 0
  }
}

export async function printSize(
  client: ClickHouseClient,
  table: string,
  print: (text: string) => void,
): Promise<void> {
  const [row] = await read<{ bytes: number; n: number; parts: number }>(
    client,
    `SELECT toFloat64(sum(bytes_on_disk)) AS bytes, toFloat64(sum(rows)) AS n, toFloat64(count()) AS parts
      FROM system.parts WHERE active AND database = currentDatabase() AND table = '${table}'`,
  )
  if (row) print(`${table}: ${(row.bytes / row.n).toFixed(0)} bytes a row on disk, ${row.parts} parts\n`)
}

const idColumns = `request_id AS requestId, trace_id AS traceId, toString(event_id) AS eventId,
  upstream_request_id AS upstreamRequestId, toFloat64(toUnixTimestamp64Milli(created_at)) AS createdAtMs`

/** Rows of a page, and the number of pages before the deep one. */
const deepRows = 50 * 9_999
const samples = 20

/** Ids all over the range, so that each look-up reads another part of it. */
export async function lookUp(client: ClickHouseClient, { fromMs, toMs, rows }: Generation): Promise<Known> {
  const events: KnownEvent[] = []
  const requestErrorIds: string[] = []
  for (let index = 1; index <= samples; index++) {
    const atMs = Math.trunc(fromMs + ((toMs - fromMs) * index) / (samples + 1))
    const from = `created_at >= fromUnixTimestamp64Milli(${atMs}) ORDER BY created_at LIMIT 1`
    events.push(
      ...(await read<KnownEvent>(client, `SELECT ${idColumns} FROM ops_upstream_error_events WHERE ${from}`)),
    )
    const records = await read<{ id: string }>(
      client,
      `SELECT toString(event_id) AS id FROM ops_error_logs WHERE ${from}`,
    )
    requestErrorIds.push(...records.map(({ id }) => id))
  }
  const deep = await read<KnownEvent>(
    client,
    `SELECT ${idColumns} FROM ops_upstream_error_events WHERE created_at < fromUnixTimestamp64Milli(${toMs})
      ORDER BY created_at DESC, event_id DESC LIMIT ${samples} OFFSET ${Math.min(deepRows, Math.floor(rows / 2))}`,
  )
  return { fromMs, toMs, events, deep, requestErrorIds }
}

export async function read<Row>(client: ClickHouseClient, query: string): Promise<Row[]> {
  return (await client.query({ query, format: 'JSONEachRow' })).json<Row>()
}
