import type { Attributes, AttributesBuilder } from '../event/attribute.ts'
import { lazily } from '../event/lazily.ts'
import type { ScopeOfEvent } from '../event/selected-event.ts'
import { readAttributes } from './any-value-json.ts'
import type { Enclosing, ExportScan, ScopeMatches } from './export-scan.ts'
import { mayBeServerSpan, mayHoldEvent } from './export-scan.ts'
import { malformedJson } from './json-grammar.ts'
import type { JsonKey } from './json-key.ts'
import { jsonKey, jsonKeys, keyIs, knownKey } from './json-key.ts'
import type { JsonReader } from './json-reader.ts'
import { enterArray, enterObject, nextElement, nextMember, passKey, passNull, peek } from './json-reader.ts'
import { readText, skipValue } from './json-values.ts'

type Scan = ExportScan<JsonReader>

/** What a signal does with its items (see ItemScanner), and its names for the levels above them. */
export interface JsonItems {
  readonly lookAt: (scan: Scan) => number
  readonly select: (scan: Scan, enclosing: Enclosing) => void
  readonly resourceGroups: JsonKey
  readonly scopeGroups: JsonKey
  readonly items: JsonKey
}

const resourceKey = jsonKey('resource')
const scopeKey = jsonKey('scope')
const attributesKey = jsonKey('attributes')
const scopeKeys = jsonKeys('name', 'version', 'attributes')

/**
 * Walks an export request of either signal; `items` looks into the spans or log records.
 * Checked everywhere, in what is skipped too: the whole grammar of RFC 8259, with nesting bounded by
 * `maxJsonDepth`; only that strings are UTF-8 is not, other bytes become U+FFFD. Checked as far as they are
 * read: the types that the message gives its members. A member that occurs twice is taken as protobuf takes a
 * field that does: lists are continued, messages merged, of other values the last wins.
 */
export function scanExportJson(scan: Scan, items: JsonItems): void {
  const { reader } = scan
  if (peek(reader) !== 0x7b) malformedJson(reader.position, 'no object')
  for (let more = enterObject(reader); more; more = nextMember(reader)) {
    passKey(reader)
    if (!keyIs(reader, items.resourceGroups)) skipValue(reader)
    else
      for (let group = enterArray(reader); group; group = nextElement(reader)) scanResourceGroup(scan, items)
  }
  peek(reader)
  if (reader.position < reader.bytes.length) malformedJson(reader.position, 'something behind the message')
}

function scanResourceGroup(scan: Scan, items: JsonItems): void {
  const { reader } = scan
  const resources: number[] = []
  const matches: ScopeMatches[] = []
  for (let more = enterObject(reader); more; more = nextMember(reader)) {
    passKey(reader)
    if (keyIs(reader, resourceKey)) passValue(reader, resources)
    else if (!keyIs(reader, items.scopeGroups)) skipValue(reader)
    else {
      for (let group = enterArray(reader); group; group = nextElement(reader)) {
        const found = scanScopeGroup(scan, items)
        if (found !== undefined) matches.push(found)
      }
    }
  }
  if (matches.length === 0) return
  const end = reader.position
  selectMatches(scan, items, matches, resources)
  reader.position = end
}

function scanScopeGroup(scan: Scan, items: JsonItems): ScopeMatches | undefined {
  const { reader } = scan
  const scopes: number[] = []
  const found: number[] = []
  const servers: number[] = []
  for (let more = enterObject(reader); more; more = nextMember(reader)) {
    passKey(reader)
    if (keyIs(reader, scopeKey)) passValue(reader, scopes)
    else if (!keyIs(reader, items.items)) skipValue(reader)
    else {
      for (let item = enterArray(reader); item; item = nextElement(reader)) {
        const start = reader.position
        const seen = items.lookAt(scan)
        const end = reader.position
        if ((seen & mayHoldEvent) !== 0) found.push(start, end, scan.itemCount)
        if ((seen & mayBeServerSpan) !== 0) servers.push(start, end, scan.traceIdAt, scan.itemCount)
        scan.itemCount++
      }
    }
  }
  return found.length + servers.length === 0 ? undefined : { scopes, items: found, servers }
}

function passValue(reader: JsonReader, starts: number[]): void {
  starts.push(reader.position)
  skipValue(reader)
}

function selectMatches(
  scan: Scan,
  items: JsonItems,
  matches: readonly ScopeMatches[],
  resources: number[],
): void {
  const { reader } = scan
  const resource = lazily(() => readResource(reader, resources))
  for (const match of matches) {
    const scope = lazily(() => readScope(reader, match.scopes))
    for (let i = 0; i < match.items.length; i += 3) {
      reader.position = match.items[i] as number
      items.select(scan, { itemIndex: match.items[i + 2] as number, scope, resource })
    }
    if (match.servers.length > 0) scan.serverSpans.push({ places: match.servers, scope, resource })
  }
}

function readResource(reader: JsonReader, starts: readonly number[]): Attributes {
  const attributes: AttributesBuilder = { keys: [], values: [] }
  for (const start of starts) {
    reader.position = start
    for (let more = enterObject(reader); more; more = nextMember(reader)) {
      passKey(reader)
      if (keyIs(reader, attributesKey)) readAttributes(reader, attributes)
      else skipValue(reader)
    }
  }
  return attributes
}

function readScope(reader: JsonReader, starts: readonly number[]): ScopeOfEvent {
  const attributes: AttributesBuilder = { keys: [], values: [] }
  let name = ''
  let version = ''
  for (const start of starts) {
    reader.position = start
    for (let more = enterObject(reader); more; more = nextMember(reader)) {
      passKey(reader)
      const key = knownKey(reader, scopeKeys)
      if (passNull(reader)) continue
      if (key === 'name') name = readText(reader)
      else if (key === 'version') version = readText(reader)
      else if (key === 'attributes') readAttributes(reader, attributes)
      else skipValue(reader)
    }
  }
  return { name, version, attributes }
}
