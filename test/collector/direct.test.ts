import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ClickHouseClient, createClient } from '@clickhouse/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrate, readMigrations } from '../../src/store/migrate.ts'
import { type Fixture, readFixtures } from '../normalization/providers/fixtures.ts'
import { openHttpInterface } from '../store/http-interface/open-http-interface.ts'
import { eventually } from '../support/eventually.ts'
import { post, span, traceExport } from '../support/otlp.ts'
import { startTestSidecar, type TestSidecar, temporaryDirectory } from '../support/sidecar.ts'
import { collectorIsMissing, type RunningCollector, runCollector } from './run-collector.ts'

const missing = await collectorIsMissing()
const clickhouse = join(import.meta.dirname, '../../clickhouse')
const fixtures = readFixtures()

/** A CLIENT span as a gateway sends it, one for each fixture, by its span id. */
function spanOf({ failure }: Fixture, index: number, timeMs: number): unknown {
  const headers = Object.fromEntries(
    [...failure.headers].map(([name, value]) => [`http.response.header.${name}`, [value]]),
  )
  return span({
    spanId: index.toString(16).padStart(16, '0'),
    traceId: 'c0'.repeat(16),
    startMs: timeMs - 250,
    endMs: timeMs,
    attributes: {
      'url.full': 'https://user:pw@upstream.example:8443/v1/chat?key=x',
      'server.address': 'upstream.example',
    },
    events: [
      {
        timeMs,
        attributes: {
          ...headers,
          ...given('gen_ai.provider.name', failure.platform),
          ...given('http.response.body.content', failure.body),
          ...given('error.type', failure.errorType),
          ...given('ops.upstream.error.code', failure.errorCode),
          ...given('exception.message', failure.message),
          ...given('ops.upstream.error.kind', failure.kind),
          'http.response.status_code': failure.statusCode,
          'http.request.resend_count': index % 4,
          'gen_ai.request.model': `model-${index % 7}`,
          'gen_ai.request.stream': index % 2 === 0,
          'http.request.header.content-type': ['application/json'],
          'http.request.headers': '{"X-Title":"a/b \\"quoted\\"","content-type":"overridden"}',
          'ops.account.id': `account-${index % 5}`,
          'ops.request.id': `request-${index}`,
          'user.id': `user-${index % 9}`,
          'ops.custom': 'kept',
          'gen_ai.response.time_to_first_chunk': 0.123,
        },
      },
    ],
  })
}

const given = (name: string, value: string) => (value === '' ? {} : { [name]: value })

let embedded: Awaited<ReturnType<typeof openHttpInterface>> | undefined
let directory: Awaited<ReturnType<typeof temporaryDirectory>> | undefined
let sidecar: TestSidecar | undefined
let collector: RunningCollector | undefined
let client: ClickHouseClient
beforeAll(async () => {
  if (missing) return
  embedded = await openHttpInterface()
  const url = await embedded.serve()
  directory = await temporaryDirectory()
  sidecar = await startTestSidecar(directory.path, { clickhouseUrl: url, clickhouseDatabase: 'by_sidecar' })
  client = createClient({ url })
  await client.command({ query: 'CREATE DATABASE by_collector' })
  const inDatabase = createClient({ url, database: 'by_collector' })
  await migrate(inDatabase, readMigrations(clickhouse), undefined)
  for (const file of ['001_otel_traces.sql', '002_upstream_errors.sql']) {
    await inDatabase.command({ query: readFileSync(join(clickhouse, 'otelcol', file), 'utf8') })
  }
  await inDatabase.close()
  collector = await runCollector('direct', { CLICKHOUSE_ENDPOINT: url, CLICKHOUSE_DATABASE: 'by_collector' })
})
afterAll(async () => {
  await collector?.stop()
  await sidecar?.stop()
  await client?.close()
  await embedded?.close()
  await directory?.remove()
})

type Row = Record<string, unknown>

const rowsOf = async (database: string): Promise<Row[]> => {
  const result = await client.query({
    query: `SELECT * EXCEPT (ingested_at, batch_id) FROM ${database}.ops_upstream_error_events ORDER BY span_id, created_at`,
    format: 'JSONEachRow',
  })
  return result.json<Row>()
}

describe('a collector that writes to ClickHouse by itself', () => {
  it('makes the rows that the sidecar makes, but for the differences that docs/otelcol.md lists', async ({
    skip,
  }) => {
    if (missing) skip(missing)
    const timeMs = Date.now() - 1000
    const spans = fixtures.map((fixture, index) => spanOf(fixture, index, timeMs))
    const uninteresting = [span({ attributes: { a: 1 } }), span({ events: [{ name: 'something' }] })]
    const body = traceExport([...spans, ...uninteresting], { 'service.name': 'gateway', 'host.name': 'h1' })
    for (const url of [sidecar?.otlpUrl, collector?.otlpUrl])
      expect((await post(`${url}/v1/traces`, body)).status).toBe(200)
    const [ours, theirs] = await eventually(async () => {
      const both = await Promise.all([rowsOf('by_sidecar'), rowsOf('by_collector')])
      expect(both.map((rows) => rows.length)).toEqual([fixtures.length, fixtures.length])
      return both
    }, 30_000)

    const differing = new Map<string, string[]>()
    for (const [index, row] of ours.entries()) {
      for (const [column, value] of Object.entries(row)) {
        const other = theirs[index]?.[column]
        if (JSON.stringify(sorted(value)) === JSON.stringify(sorted(other))) continue
        const name = fixtures[index]?.name ?? ''
        differing.set(column, [...(differing.get(column) ?? []), `${name}: ${value} / ${other}`])
      }
    }
    if (process.env.SHOW_DIFFERENCES)
      process.stdout.write(`${JSON.stringify(Object.fromEntries(differing), null, 1)}\n`)
    const counts = Object.fromEntries([...differing].map(([column, cases]) => [column, cases.length]))
    expect(counts).toEqual(documentedDifferences())
    const result = await client.query({
      query: 'SELECT count() AS n FROM by_collector.otel_traces',
      format: 'JSONEachRow',
    })
    expect(await result.json()).toEqual([{ n: fixtures.length }])
  })
})

/** Maps and JSON objects have no order of their own. */
function sorted(value: unknown): unknown {
  if (typeof value === 'string' && value.startsWith('{"')) return sorted(parsed(value))
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return [text]
  }
}

/** The table of docs/otelcol.md: column, how many of the fixtures differ. */
function documentedDifferences(): Record<string, number> {
  const text = readFileSync(join(import.meta.dirname, '../../docs/otelcol.md'), 'utf8')
  const rows = [...text.matchAll(/^\| `(\w+)` \| (\d+) of (\d+) \|/gm)]
  for (const [, , , total] of rows) expect(Number(total)).toBe(fixtures.length)
  return Object.fromEntries(rows.map(([, column, count]) => [column, Number(count)]))
}
