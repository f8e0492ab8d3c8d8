import type { ClickHouseClient } from '@clickhouse/client'
import { type Cluster, localTable, rowsOf } from './cluster.ts'
import { readRows } from './read-rows.ts'

/** How long what is kept, in whole days. Bodies and headers go before their rows. */
export interface Retention {
  readonly rowDays: number
  readonly bodyDays: number
}

const dayMs = 86_400_000

/** Whole days that are at least as long. */
export function retentionOf(retentionMs: number, bodyRetentionMs: number): Retention {
  const rowDays = Math.ceil(retentionMs / dayMs)
  return { rowDays, bodyDays: Math.min(rowDays, Math.ceil(bodyRetentionMs / dayMs)) }
}

const retainedTables: Readonly<Record<string, readonly string[]>> = {
  ops_upstream_error_events: ['request_headers', 'response_headers', 'request_body', 'response_body'],
  ops_error_logs: ['request_headers', 'request_body', 'error_body'],
}

/**
 * The statements that bring the tables' TTLs to the wanted retention; none while they have it. The engine then deletes
 * in the background what is past it.
 */
export async function retentionStatements(
  client: ClickHouseClient,
  wanted: Retention,
  cluster?: Cluster,
): Promise<string[]> {
  const ddls = new Map(
    await readRows<[string, string]>(
      client,
      'SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase()',
    ),
  )
  return Object.entries(retainedTables).flatMap(([table, bodies]) => {
    const ddl = ddls.get(cluster ? localTable(table) : table) ?? ''
    const columns = bodies
      .filter((column) => columnDays(ddl, column) !== wanted.bodyDays)
      .map((column) => `MODIFY COLUMN ${column} TTL toDateTime(created_at) + INTERVAL ${wanted.bodyDays} DAY`)
    const rows =
      tableDays(ddl) === wanted.rowDays
        ? []
        : [`MODIFY TTL toDateTime(created_at) + INTERVAL ${wanted.rowDays} DAY DELETE`]
    const changes = [...columns, ...rows]
    return changes.length === 0 ? [] : [`ALTER TABLE ${rowsOf(table, cluster)} ${changes.join(', ')}`]
  })
}

/** The days of a column's TTL in a CREATE statement as the engine writes it. */
function columnDays(ddl: string, column: string): number | undefined {
  const definition = ddl.split('`').find((_part, index, parts) => parts[index - 1] === column) ?? ''
  return daysIn(definition)
}

function tableDays(ddl: string): number | undefined {
  return daysIn(ddl.slice(ddl.indexOf('ORDER BY')))
}

function daysIn(text: string): number | undefined {
  const days = /TTL toDateTime\(created_at\) \+ toIntervalDay\((\d+)\)/.exec(text)?.[1]
  return days === undefined ? undefined : Number(days)
}
