import { upstreamErrorColumns } from '../../event/tables.ts'

/** Columns that a list leaves out: large, and read only when one event is looked at. */
const heavy = new Set<string>([
  'request_headers',
  'response_headers',
  'request_body',
  'response_body',
  'attributes',
])

/** An event as a query answers it: columns by name, the fingerprint as 16 hex digits. */
export type EventRow = Record<string, unknown> & { event_id: string; created_at: string }

function selectColumn(name: string): string {
  if (name === 'fingerprint') return `leftPad(lower(hex(fingerprint)), 16, '0') AS fingerprint`
  return name
}

export const lightColumns = upstreamErrorColumns
  .filter((column) => !heavy.has(column.name))
  .map((column) => column.name)
export const listSelect = lightColumns.map(selectColumn).join(', ')
export const detailSelect = upstreamErrorColumns.map((column) => selectColumn(column.name)).join(', ')
