/**
 * Headers of a request or response: those of one attribute each, and those of a JSON attribute that has all of them.
 * Names are lowercase.
 * @param single from attributes of their own; these win. Added to.
 */
export function withJsonHeaders(single: Map<string, string>, json: string): Map<string, string> {
  if (!json.startsWith('{')) return single
  let object: Record<string, unknown>
  try {
    object = JSON.parse(json)
  } catch {
    return single
  }
  const headers = new Map<string, string>()
  for (const [name, item] of Object.entries(object)) {
    headers.set(name.toLowerCase(), Array.isArray(item) ? item.join(', ') : String(item))
  }
  for (const [name, text] of single) headers.set(name, text)
  return headers
}

/** The headers as the JSON object text of their column; '' for none. */
export function headersText(headers: ReadonlyMap<string, string>): string {
  if (headers.size === 0) return ''
  let text = '{'
  for (const [name, value] of headers) {
    text += `${text.length === 1 ? '' : ','}${quoted(name)}:${quoted(value)}`
  }
  return `${text}}`
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON escapes them
const needsEscapes = /["\\\u0000-\u001f\ud800-\udfff]/

/** The text as JSON. Headers seldom need escapes, and to look for them costs less than JSON.stringify. */
function quoted(text: string): string {
  return needsEscapes.test(text) ? JSON.stringify(text) : `"${text}"`
}
