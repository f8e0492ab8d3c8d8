import type { EventRow } from '../store/queries/event-columns.ts'

/** Numbers that are 0 where nothing is known. */
const zeroIsAbsent = new Set(['retry_after_ms', 'latency_ms', 'time_to_first_token_ms'])
const headerColumns = new Set(['request_headers', 'response_headers'])

/** An event as JSON answers show it: `null` for what is absent, headers as objects. */
export function presentEvent(
  row: EventRow,
  columns: readonly string[] = Object.keys(row),
): Record<string, unknown> {
  const shown: Record<string, unknown> = {}
  for (const name of columns) {
    const value = row[name]
    if (value === '') shown[name] = null
    else if (value === 0 && zeroIsAbsent.has(name)) shown[name] = null
    else if (headerColumns.has(name)) shown[name] = parseHeaders(String(value))
    else shown[name] = value
  }
  return shown
}

function parseHeaders(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    // Cut at a limit by the sender.
    return { unparsed: json }
  }
}
