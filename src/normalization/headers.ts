import type { AttributeLookup } from './attribute-lookup.ts'

/**
 * Headers of a request or response: one attribute each under `prefix`, or all in one JSON attribute.
 * Names are lowercase.
 */
export function readHeaders(
  lookup: AttributeLookup,
  prefix: string,
  jsonNames: readonly string[],
): Map<string, string> {
  const headers = parseHeaderObject(lookup.text(...jsonNames))
  for (const [name, text] of lookup.withPrefix(prefix)) headers.set(name, text)
  return headers
}

function parseHeaderObject(json: string): Map<string, string> {
  const headers = new Map<string, string>()
  if (!json.startsWith('{')) return headers
  let object: Record<string, unknown>
  try {
    object = JSON.parse(json)
  } catch {
    return headers
  }
  for (const [name, item] of Object.entries(object)) {
    headers.set(name.toLowerCase(), Array.isArray(item) ? item.join(', ') : String(item))
  }
  return headers
}

/** The headers as the JSON object text of their column; '' for none. */
export function headersText(headers: ReadonlyMap<string, string>): string {
  return headers.size === 0 ? '' : JSON.stringify(Object.fromEntries(headers))
}
