/** A header that stands in an attribute of its own. */
export interface HeaderAttribute {
  /** In lowercase. */
  readonly name: string
  readonly isResponse: boolean
}

const requestHeaderPrefix = 'http.request.header.'
const responseHeaderPrefix = 'http.response.header.'
const headerStart = 'http.re'

/** By attribute; the same few come again and again. */
const known = new Map<string, HeaderAttribute>()
const maxKnown = 1000

/** Which header an attribute holds; undefined for any other attribute. */
export function headerOf(key: string): HeaderAttribute | undefined {
  if (!key.startsWith(headerStart)) return undefined
  const before = known.get(key)
  if (before !== undefined) return before
  const isResponse = key.startsWith(responseHeaderPrefix)
  if (!isResponse && !key.startsWith(requestHeaderPrefix)) return undefined
  const prefix = isResponse ? responseHeaderPrefix : requestHeaderPrefix
  const header = { name: key.slice(prefix.length).toLowerCase(), isResponse }
  if (known.size < maxKnown) known.set(key, header)
  return header
}
