/**
 * A server that speaks as much of ClickHouse's HTTP interface as the exporters here need: it takes every statement,
 * describes `otel_traces`, and counts the rows of inserts in Native and RowBinary. It stores nothing, so that what is
 * measured is the exporter. Run as a process of its own; it tells its parent the port.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { upstreamErrorColumns } from '../../src/event/tables.ts'
import { countRowBinary, readVarint } from './count-row-binary.ts'
import { nativeBlock, protocolRevision } from './native-block.ts'
import { otelTracesColumns } from './otel-traces-columns.ts'

const columnTypes = new Map<string, string>([
  ...otelTracesColumns,
  ...upstreamErrorColumns.map(({ name, type }) => [name, type] as const),
  ['batch_id', 'UUID'],
])
const countedTables = /\b(otel_traces|ops_upstream_error_events)\b/
let rows = 0

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    process.stderr.write(`sink: ${String(error)}\n`)
    response.writeHead(500).end(String(error))
  })
})
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.on('disconnect', () => process.exit())

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://sink')
  if (url.pathname === '/rows') return void response.end(String(rows))
  if (url.pathname === '/ping') return void response.end('Ok.\n')
  const body = inflate(request, await buffer(request))
  const query = url.searchParams.get('query')
  const statement = query ?? body.toString()
  if (/^\s*SELECT displayName\(\)/.test(statement)) return void response.end(hello())
  if (/^\s*DESCRIBE TABLE/.test(statement)) return void response.end(describe())
  if (/FORMAT JSON\s*$/.test(statement)) return void response.end('{"meta":[],"data":[],"rows":0}')
  if (query !== null && /^\s*INSERT/.test(query) && countedTables.test(query)) rows += countRows(query, body)
  response.end()
}

function inflate(request: IncomingMessage, body: Buffer): Buffer {
  const encoding = request.headers['content-encoding']
  if (encoding === 'gzip') return gunzipSync(body)
  return encoding === 'zstd' ? zstdDecompressSync(body) : body
}

function countRows(query: string, body: Buffer): number {
  if (/FORMAT\s+RowBinary/i.test(query)) return countRowBinary(body, insertedTypes(query))
  // clickhouse-go sends a batch as one Native block: the number of columns, then of rows.
  return readVarint(body, readVarint(body, 0).next).value
}

function insertedTypes(query: string): string[] {
  const names = /\(([^)]*)\)/.exec(query)?.[1]?.split(',') ?? []
  return names.map((text) => {
    const name = text.replaceAll('`', '').trim()
    const type = columnTypes.get(name)
    if (type === undefined) throw new Error(`unknown column ${name}`)
    return type
  })
}

function hello(): Buffer {
  return nativeBlock(
    ['displayName()', 'version()', 'revision()', 'timezone()'],
    [['sink', '26.7.2.1', protocolRevision, 'UTC']],
  )
}

function describe(): Buffer {
  return nativeBlock(
    ['name', 'type', 'default_type', 'default_expression', 'comment', 'codec_expression', 'ttl_expression'],
    otelTracesColumns.map(([name, type]) => [name, type, '', '', '', '', '']),
  )
}
