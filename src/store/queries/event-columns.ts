import { upstreamErrorColumns } from '../../event/tables.ts'

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
 * The select list of some columns. Names come from `eventColumns`, never from outside. It needs `columnsFirst`, as the
 * text of the fingerprint would stand for its number in conditions otherwise.
 */
export function selectColumns(names: readonly string[]): string {
  return names.map((name) => (name === 'fingerprint' ? `${fingerprintText} AS fingerprint` : name)).join(', ')
}

/** Settings under which a name in a condition is the column, not what the select list calls so. */
export const columnsFirst = { prefer_column_name_to_alias: 1 }
