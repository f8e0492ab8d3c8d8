import { type Attributes, type AttributeValue, attributeNumber, attributeText } from '../event/attribute.ts'
import type { SelectedEvent } from '../event/selected-event.ts'

/**
 * Reads an event's attributes in the contract's order of precedence: the event's own, its span's, its resource's.
 * Remembers what was read, so that `rest` is what is left. It runs for every event, so each attribute is touched as
 * seldom as can be, and names come as two arguments instead of a list.
 */
export interface AttributeLookup {
  /** The attribute of this name, or of its older name. */
  value(name: string, alias?: string): AttributeValue | undefined
  text(name: string, alias?: string, older?: string): string
  number(name: string, alias?: string): number | undefined
  /** Headers that stand in attributes of their own, names in lowercase. */
  readonly requestHeaders: Map<string, string>
  readonly responseHeaders: Map<string, string>
  /** Attributes of event, span and resource that nobody asked for, as text. Headers are not among them. */
  rest(): Map<string, string>
}

const requestHeaderPrefix = 'http.request.header.'
const responseHeaderPrefix = 'http.response.header.'
const headerStart = 'http.re'

export function createAttributeLookup(event: SelectedEvent): AttributeLookup {
  const own = event.attributes
  const ofSpan = event.span?.attributes
  const { resource } = event
  const read = new Set<string>()
  const requestHeaders = new Map<string, string>()
  const responseHeaders = new Map<string, string>()
  // The span's first: the event's own win.
  if (ofSpan) takeHeaders(ofSpan, requestHeaders, responseHeaders)
  takeHeaders(own, requestHeaders, responseHeaders)

  function find(name: string): AttributeValue | undefined {
    read.add(name)
    const first = own.get(name)
    if (isThere(first)) return first
    const second = ofSpan?.get(name)
    if (isThere(second)) return second
    const third = resource.get(name)
    return isThere(third) ? third : undefined
  }

  function value(name: string, alias?: string): AttributeValue | undefined {
    const found = find(name)
    if (alias === undefined) return found
    const older = find(alias)
    return found ?? older
  }

  return {
    value,
    text(name, alias, older) {
      const found = attributeText(value(name, alias))
      if (older === undefined) return found
      const oldest = attributeText(find(older))
      return found || oldest
    },
    number: (name, alias) => attributeNumber(value(name, alias)),
    requestHeaders,
    responseHeaders,
    rest() {
      const left = new Map<string, string>()
      addRest(left, resource, read)
      if (ofSpan) addRest(left, ofSpan, read)
      addRest(left, own, read)
      return left
    },
  }
}

function isThere(value: AttributeValue | undefined): boolean {
  return value !== undefined && value !== null && value !== ''
}

function takeHeaders(from: Attributes, request: Map<string, string>, response: Map<string, string>): void {
  for (const [key, item] of from) {
    if (!key.startsWith(headerStart)) continue
    if (key.startsWith(responseHeaderPrefix))
      response.set(headerName(key, responseHeaderPrefix.length), headerText(item))
    else if (key.startsWith(requestHeaderPrefix))
      request.set(headerName(key, requestHeaderPrefix.length), headerText(item))
  }
}

function addRest(left: Map<string, string>, from: Attributes, read: ReadonlySet<string>): void {
  for (const [key, item] of from) {
    if (read.has(key) || (key.startsWith(headerStart) && isHeader(key))) continue
    left.set(key, attributeText(item))
  }
}

function isHeader(key: string): boolean {
  return key.startsWith(responseHeaderPrefix) || key.startsWith(requestHeaderPrefix)
}

/** Names of headers by attribute; the same few come again and again. */
const headerNames = new Map<string, string>()
const maxHeaderNames = 1000

function headerName(key: string, prefixLength: number): string {
  const known = headerNames.get(key)
  if (known !== undefined) return known
  const name = key.slice(prefixLength).toLowerCase()
  if (headerNames.size < maxHeaderNames) headerNames.set(key, name)
  return name
}

/** Header attributes are arrays of values, one for each time the header occurs (semantic conventions for HTTP). */
function headerText(item: AttributeValue): string {
  if (!Array.isArray(item)) return attributeText(item)
  return item.length === 1 ? attributeText(item[0]) : item.map(attributeText).join(', ')
}
