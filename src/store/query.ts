import type { ClickHouseClient } from '@clickhouse/client'
import type { StoreClients } from './client.ts'
import { storeError } from './store-error.ts'

export interface QueryLimits {
  readonly timeoutMs: number
  readonly maxMemoryBytes: number
}

export interface Query {
  /** SQL with `{name:Type}` parameters and without SETTINGS or FORMAT. */
  readonly sql: string
  readonly params: Readonly<Record<string, unknown>>
  /** Settings of this query beyond the limits. */
  readonly settings?: Readonly<Record<string, string | number>>
}

export interface QueryResult<Row> {
  readonly rows: readonly Row[]
  readonly elapsedMs: number
  readonly rowsRead: number
  readonly bytesRead: number
}

/** Runs a query. @throws OpsError `query_timeout`, `query_too_large`, `store_unavailable`, `internal`. */
export type RunQuery = <Row>(query: Query, signal?: AbortSignal) => Promise<QueryResult<Row>>

/**
 * Queries over the store's readers. A reader of the embedded engine runs one query at a time, so queries wait here,
 * first come first served; those whose caller hung up leave the line. Settings stand in the SQL text because chdb keeps
 * those given beside a query for all later ones.
 */
export function createRunQuery(clients: StoreClients, limits: QueryLimits): RunQuery {
  const acquire = clients.kind === 'embedded' ? createPool(clients.readers) : undefined
  const limitSettings = {
    max_execution_time: limits.timeoutMs / 1000,
    max_memory_usage: limits.maxMemoryBytes,
    max_bytes_before_external_group_by: Math.floor(limits.maxMemoryBytes / 3),
    max_bytes_before_external_sort: Math.floor(limits.maxMemoryBytes / 3),
    date_time_output_format: "'iso'",
    output_format_json_quote_64bit_integers: 0,
  }
  return async <Row>(query: Query, signal?: AbortSignal) => {
    const lease = acquire
      ? await acquire(signal)
      : { client: clients.readers[0] as ClickHouseClient, release: () => {} }
    const text = Object.entries({ ...limitSettings, ...query.settings }).map(
      ([name, value]) => `${name} = ${value}`,
    )
    try {
      const result = await lease.client.query({
        query: `${query.sql}\nSETTINGS ${text.join(', ')}`,
        query_params: { ...query.params },
        format: 'JSON',
        ...(signal && clients.kind === 'server' ? { abort_signal: signal } : {}),
      })
      const answer = await result.json<Row>()
      return {
        rows: answer.data,
        elapsedMs: (answer.statistics?.elapsed ?? 0) * 1000,
        rowsRead: answer.statistics?.rows_read ?? 0,
        bytesRead: answer.statistics?.bytes_read ?? 0,
      }
    } catch (error) {
      throw storeError(error)
    } finally {
      lease.release()
    }
  }
}

interface Lease {
  readonly client: ClickHouseClient
  release(): void
}

function createPool(clients: readonly ClickHouseClient[]): (signal?: AbortSignal) => Promise<Lease> {
  const idle = [...clients]
  const waiting: ((client: ClickHouseClient) => void)[] = []
  const lease = (client: ClickHouseClient): Lease => ({
    client,
    release() {
      const next = waiting.shift()
      if (next) next(client)
      else idle.push(client)
    },
  })
  return (signal) => {
    const client = idle.pop()
    if (client) return Promise.resolve(lease(client))
    return new Promise((resolve, reject) => {
      const take = (next: ClickHouseClient) => {
        signal?.removeEventListener('abort', leave)
        resolve(lease(next))
      }
      const leave = () => {
        waiting.splice(waiting.indexOf(take), 1)
        reject(signal?.reason)
      }
      waiting.push(take)
      signal?.addEventListener('abort', leave, { once: true })
    })
  }
}
