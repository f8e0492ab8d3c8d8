import type { StoreClients } from './client.ts'
import { renderParameters } from './render-parameters.ts'
import { storeError } from './store-error.ts'

/** A column of a table that the sidecar itself writes single rows to. `time` is a DateTime64(3), given as Unix ms. */
export interface RecordColumn<Row> {
  readonly name: keyof Row & string
  readonly type: 'String' | 'UUID' | 'UInt8' | 'UInt16' | 'UInt64' | 'Bool' | 'time'
}

/**
 * Adds one row and resolves when it is stored. For rare rows: events go by the journal.
 * @throws OpsError as a query does.
 */
export type AppendRow<Row> = (row: Row) => Promise<void>

/** An insert takes the writer for some milliseconds; inserts of events wait for it, and it for them. */
export function createAppendRow<Row>(
  { kind, writer, writes }: StoreClients,
  table: string,
  columns: readonly RecordColumn<Row>[],
): AppendRow<Row> {
  const names = columns.map((column) => column.name).join(', ')
  const values = columns.map(placeholderOf).join(', ')
  // async_insert would answer before the row is stored.
  const sql = `INSERT INTO ${table} (${names}) SELECT ${values} SETTINGS async_insert = 0`
  return async (row) => {
    const params = Object.fromEntries(columns.map(({ name, type }) => [name, parameterOf(type, row[name])]))
    try {
      if (kind === 'embedded') await writer.command({ query: renderParameters(sql, params) })
      else await writer.command({ query: sql, query_params: params })
      await writes.confirm()
    } catch (error) {
      throw storeError(error)
    }
  }
}

function placeholderOf({ name, type }: RecordColumn<never>): string {
  if (type === 'time') return `fromUnixTimestamp64Milli({${name}:Int64}, 'UTC')`
  return `{${name}:${type === 'Bool' ? 'UInt8' : type}}`
}

function parameterOf(type: RecordColumn<never>['type'], value: unknown): unknown {
  return type === 'Bool' ? Number(value) : type === 'time' ? Math.trunc(Number(value)) : value
}
