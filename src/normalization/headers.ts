import type { Headers } from '../event/headers.ts'
import { stringOf, type Text } from '../event/utf8-text.ts'

/** What parsers ask of headers; a Map of strings does, too. */
export type HeaderStrings = Pick<ReadonlyMap<string, string>, 'get' | 'keys'>

/** Headers whose values become strings as they are asked for. */
export function headerStrings(headers: Headers): HeaderStrings {
  return {
    get(name) {
      const value = headers.get(name)
      return value === undefined ? undefined : stringOf(value)
    },
    keys: () => headers.keys(),
  }
}

/**
 * Headers of a request or response: those of one attribute each, and those of a JSON attribute that has all of them.
 * Names are lowercase.
 * @param single from attributes of their own; these win.
 */
export function withJsonHeaders(single: Headers, json: string): Headers {
  if (!json.startsWith('{')) return single
  let object: Record<string, unknown>
  try {
    object = JSON.parse(json)
  } catch {
    return single
  }
  const headers = new Map<string, Text>()
  for (const [name, item] of Object.entries(object)) {
    headers.set(name.toLowerCase(), Array.isArray(item) ? item.join(', ') : String(item))
  }
  for (const [name, text] of single) headers.set(name, text)
  return headers
}
