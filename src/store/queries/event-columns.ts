import { upstreamErrorColumns } from '../../event/tables.ts'
import type { Query, RunQuery } from '../query.ts'

/** Columns that a list leaves out unless they are asked for: large, and read only when one event is looked at. */
export const heavyColumns: ReadonlySet<string> = new Set([
  'request_headers',
  'response_headers',
  'request_body',
  'response_body',
  'attributes',
])

/** An event as a query answers it: columns by name, the fingerprint as 16 hex digits. */
export type EventRow = Record<string, unknown> & { event_id: string; created_at: string }

/** A fingerprint as text. */
export const fingerprintText = `leftPad(lower(hex(fingerprint)), 16, '0')`

export const eventColumns: readonly string[] = upstreamErrorColumns.map((column) => column.name)
export const lightColumns = eventColumns.filter((name) => !heavyColumns.has(name))

/**
 * The select list of some columns, for `readEvents`. Names come from `eventColumns`, never from outside. What is left out of
 * nearly all is named instead: planning a list of 40 names takes a millisecond longer.
 */
export function selectColumns(names: readonly string[]): string {
  const without = eventColumns.filter((name) => !names.includes(name))
  return without.length < names.length
    ? `* EXCEPT (${[...without, 'batch_id'].join(', ')})`
    : names.join(', ')
}

/** As text the fingerprint keeps all of its 64 bits. To make it hex here saves the engine a step over all columns. */
const numbersAsText = { output_format_json_quote_64bit_integers: 1 }

/** Runs a query for events, whose select list is from `selectColumns`. Throws as `RunQuery`. */
export async function readEvents(run: RunQuery, query: Query): Promise<EventRow[]> {
  const { rows } = await run<EventRow>({ ...query, settings: { ...query.settings, ...numbersAsText } })
  return rows.map((row) =>
    row.fingerprint === undefined ? row : { ...row, fingerprint: hexOf(String(row.fingerprint)) },
  )
}

function hexOf(fingerprint: string): string {
  return BigInt(fingerprint).toString(16).padStart(16, '0')
}

/** Settings under which a name in a condition is the column, not what the select list calls so. */
export const columnsFirst = { prefer_column_name_to_alias: 1 }
