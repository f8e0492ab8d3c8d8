import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClickHouseClient } from '@clickhouse/client'
import { OpsError } from '../errors.ts'
import type { StoreClients } from './client.ts'
import { drainOutput } from './drain-output.ts'
import { type AcquireReader, createReaderPool, type Lease, type QueryClass } from './reader-pool.ts'
import { renderParameters } from './render-parameters.ts'
import { restrictNamespaces } from './restrict-namespaces.ts'
import { storeError } from './store-error.ts'

export interface QueryLimits {
  readonly timeoutMs: number
  /** Of one query. */
  readonly maxMemoryBytes: number
  /** How far delivery has fallen behind: how full the journal is, from 0 to 1. */
  readonly pressure?: () => number
}

/** Queries that compete with delivery for the store wait for better times before anything that comes in is refused. */
const refusedAbove: Readonly<Partial<Record<QueryClass, number>>> = { export: 0.5, analysis: 0.6 }

export interface Query {
  /** SQL with `{name:Type}` parameters and without SETTINGS or FORMAT. */
  readonly sql: string
  readonly params: Readonly<Record<string, unknown>>
  /** Default `list`. */
  readonly class?: QueryClass
  /** Settings of this query beyond the limits. */
  readonly settings?: Readonly<Record<string, string | number>>
  /** Only rows of these are seen by the query, wherever it reads from; undefined = all. */
  readonly serviceNamespaces?: readonly string[] | undefined
}

export interface QueryResult<Row> {
  readonly rows: readonly Row[]
  /** Time in ClickHouse. */
  readonly elapsedMs: number
  /** Time that it waited for a reader. */
  readonly waitedMs: number
  readonly rowsRead: number
  readonly bytesRead: number
}

/**
 * Runs a query; when the signal aborts, it is ended in the store as well.
 * @throws OpsError `query_timeout`, `query_too_large`, `overloaded`, `store_unavailable`, `internal`; the signal's
 * reason when the caller hung up.
 */
export interface RunQuery {
  <Row>(query: Query, signal?: AbortSignal): Promise<QueryResult<Row>>
  /** What every query through it is restricted to; undefined = nothing. */
  readonly serviceNamespaces?: readonly string[] | undefined
}

/** Whose namespaces a query sees has to be said: what answers people is given this, and cannot forget it. */
export type Restricted = Query & { readonly serviceNamespaces: readonly string[] | undefined }
export type RunRestrictedQuery = <Row>(query: Restricted, signal?: AbortSignal) => Promise<QueryResult<Row>>

/** Writes the rows of a query to a new Parquet file. Throws as `RunQuery`. */
export type WriteParquet = (query: Query, path: string, signal?: AbortSignal) => Promise<void>

export interface StoreReader {
  readonly run: RunQuery
  readonly writeParquet: WriteParquet
}

/** A reader for what answers people. */
export interface RestrictedReader {
  readonly run: RunRestrictedQuery
  readonly writeParquet: (query: Restricted, path: string, signal?: AbortSignal) => Promise<void>
}

/** Threads that format the answer cost half a millisecond, more than it takes to format a page. */
const formatAtOnce = { output_format_parallel_formatting: 0 }

/** An export as long as a file leaves one to each of the others. */
const embeddedShares = { point: 4, list: 3, analysis: 2, export: 1 }
/** Connections of the client to a server; the server has its own limits. */
const serverShares = { point: 32, list: 28, analysis: 16, export: 4 }
const maxWaiting = 1024

/**
 * Reading over the store's readers. Settings stand in the SQL text because chdb keeps those given beside a query for
 * all later ones.
 */
export function createStoreReader(clients: StoreClients, limits: QueryLimits): StoreReader {
  const embedded = clients.kind === 'embedded'
  const shares = embedded ? embeddedShares : serverShares
  const acquire = createReaderPool({
    readers: embedded
      ? clients.readers
      : Array.from({ length: shares.point }, () => firstOf(clients.readers)),
    shares,
    maxWaiting,
    maxWaitMs: limits.timeoutMs,
  })
  const start = embedded ? createEmbeddedStart(acquire) : serverStart
  const limitSettings = {
    max_execution_time: limits.timeoutMs / 1000,
    max_memory_usage: limits.maxMemoryBytes,
    max_bytes_before_external_group_by: Math.floor(limits.maxMemoryBytes / 3),
    max_bytes_before_external_sort: Math.floor(limits.maxMemoryBytes / 3),
    max_result_bytes: Math.floor(limits.maxMemoryBytes / 4),
    date_time_output_format: "'iso'",
    output_format_json_quote_64bit_integers: 0,
    // Reading the columns' statistics to plan a list of 40 columns took a third of its time (15 ms to 10 ms).
    ...(embedded ? { use_statistics: 0 } : {}),
  }

  async function withReader<Result>(
    query: Query,
    signal: AbortSignal | undefined,
    read: (lease: Lease, statement: Statement) => Promise<Result>,
  ): Promise<Result & { waitedMs: number }> {
    const { class: queryClass = 'list' } = query
    if ((limits.pressure?.() ?? 0) > (refusedAbove[queryClass] ?? 1))
      throw new OpsError('overloaded', 'the store is behind with what comes in; repeat this later')
    const askedAt = performance.now()
    const lease = await acquire(queryClass, signal)
    const waitedMs = performance.now() - askedAt
    const restriction = restrictNamespaces(query.serviceNamespaces)
    const formatting = queryClass === 'export' ? {} : formatAtOnce
    const settings = Object.entries({
      ...limitSettings,
      ...formatting,
      ...query.settings,
      ...restriction,
    }).map(([name, value]) => `${name} = ${value}`)
    try {
      // It may have hung up since it left the line; a listener added now would never hear of it.
      signal?.throwIfAborted()
      const result = await start(
        query.sql,
        query.params,
        `\nSETTINGS ${settings.join(', ')}`,
        signal,
        (statement) => read(lease, statement),
      )
      return { ...result, waitedMs }
    } catch (error) {
      // The answer of the next query would begin with the rows of this one.
      if (embedded) await drainOutput(lease.client)
      if (signal?.aborted) throw signal.reason
      throw storeError(error)
    } finally {
      lease.release()
    }
  }

  return {
    run: <Row>(query: Query, signal?: AbortSignal) =>
      withReader(query, signal, async (lease, statement) => {
        const result = await lease.client.query({ ...statement, format: 'JSON' })
        const answer = await result.json<Row>()
        return {
          rows: answer.data,
          elapsedMs: (answer.statistics?.elapsed ?? 0) * 1000,
          rowsRead: answer.statistics?.rows_read ?? 0,
          bytesRead: answer.statistics?.bytes_read ?? 0,
        }
      }),
    async writeParquet(query, path, signal) {
      if (!embedded) {
        await withReader(query, signal, async (lease, statement) => {
          const result = await lease.client.exec({ ...statement, query: `${statement.query} FORMAT Parquet` })
          await pipeline(result.stream, createWriteStream(path, { flags: 'wx' }))
          return {}
        })
        return
      }
      // chdb holds a whole answer in memory, but it writes files in pieces.
      const sql = `INSERT INTO FUNCTION file({parquet_path:String}, 'Parquet') ${query.sql}`
      const params = { ...query.params, parquet_path: path }
      await withReader({ ...query, sql, params }, signal, async (lease, statement) => {
        await lease.client.command(statement)
        await clients.writes.confirm()
        return {}
      })
    },
  }
}

/** What goes to the client beside the format. */
interface Statement {
  readonly query: string
  readonly query_params?: Record<string, unknown>
  readonly query_id?: string
  readonly abort_signal?: AbortSignal
  readonly clickhouse_settings?: { cancel_http_readonly_queries_on_client_close: 1 }
}

type Start = <Result>(
  sql: string,
  params: Readonly<Record<string, unknown>>,
  settings: string,
  signal: AbortSignal | undefined,
  read: (statement: Statement) => Promise<Result>,
) => Promise<Result>

const serverStart: Start = (sql, params, settings, signal, read) =>
  read({
    query: sql + settings,
    query_params: { ...params },
    clickhouse_settings: { cancel_http_readonly_queries_on_client_close: 1 },
    ...(signal ? { abort_signal: signal } : {}),
  })

/**
 * chdb cannot give up a query: its own abort only stops waiting while the engine goes on. So a query carries a mark and
 * is killed from another reader, and its reader is free when it has ended.
 */
function createEmbeddedStart(acquire: AcquireReader): Start {
  const kill = async (mark: string): Promise<void> => {
    const lease = await acquire('point')
    try {
      await lease.client.command({ query: `KILL QUERY WHERE startsWith(query, '${mark}') ASYNC` })
    } finally {
      lease.release()
    }
  }
  return async (sql, params, settings, signal, read) => {
    const mark = `/* ops-query-${randomUUID()} */`
    let ended = false
    const onAbort = async () => {
      // The first time, it may not have begun. When it cannot be killed, its own time limit ends it.
      for (let attempt = 0; !ended && attempt < killAttempts; attempt++) {
        await kill(mark).catch(() => {})
        await sleep(killIntervalMs)
      }
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      return await read({ query: `${mark} ${renderParameters(sql, params)}${settings}` })
    } finally {
      ended = true
      signal?.removeEventListener('abort', onAbort)
    }
  }
}

const killAttempts = 20
const killIntervalMs = 50

function firstOf(readers: readonly ClickHouseClient[]): ClickHouseClient {
  const [reader] = readers
  if (reader === undefined) throw new Error('the store has no reader')
  return reader
}
