import type { Attributes } from '../event/attribute.ts'
import { lazily } from '../event/lazily.ts'
import type { ScopeOfEvent } from '../event/selected-event.ts'
import { readAttribute, startAttributes } from './any-value-protobuf.ts'
import type { ExportScan, ItemScanner, ScopeMatches } from './export-scan.ts'
import { mayBeServerSpan, mayHoldEvent } from './export-scan.ts'
import {
  requestFields,
  resourceFields,
  resourceGroupFields,
  scopeFields,
  scopeGroupFields,
} from './otlp-wire-types.ts'
import type { ProtobufReader } from './protobuf-reader.ts'
import { findField, nextField, readContentEnd, skipField } from './protobuf-reader.ts'
import { readString } from './protobuf-values.ts'

type Scan = ExportScan<ProtobufReader>
type Items = ItemScanner<ProtobufReader>

/**
 * Walks an export request of either signal; `items` looks into the spans or log records.
 * Checked: framing and wire types of every field down to the items and of what `items` reads. Not looked at:
 * the inside of resources, scopes and attributes that no selected event needs.
 */
export function scanExportProtobuf(scan: Scan, items: Items): void {
  const { reader } = scan
  const end = reader.bytes.length
  while (reader.position < end) {
    if (nextField(reader, end, requestFields) === 1)
      scanResourceGroup(scan, items, readContentEnd(reader, end))
    else skipField(reader, end)
  }
}

function scanResourceGroup(scan: Scan, items: Items, end: number): void {
  const { reader } = scan
  const resources: number[] = []
  const matches: ScopeMatches[] = []
  while (reader.position < end) {
    switch (nextField(reader, end, resourceGroupFields)) {
      case 1:
        passRange(reader, end, resources)
        break
      case 2: {
        const found = scanScopeGroup(scan, items, readContentEnd(reader, end))
        if (found !== undefined) matches.push(found)
        break
      }
      default:
        skipField(reader, end)
    }
  }
  if (matches.length === 0) return
  selectMatches(scan, items, matches, resources)
  reader.position = end
}

function scanScopeGroup(scan: Scan, items: Items, end: number): ScopeMatches | undefined {
  const { reader } = scan
  const scopes: number[] = []
  const found: number[] = []
  const servers: number[] = []
  while (reader.position < end) {
    switch (nextField(reader, end, scopeGroupFields)) {
      case 1:
        passRange(reader, end, scopes)
        break
      case 2: {
        const itemEnd = readContentEnd(reader, end)
        const start = reader.position
        const seen = items.lookAt(scan, itemEnd)
        if ((seen & mayHoldEvent) !== 0) found.push(start, itemEnd, scan.itemCount)
        if ((seen & mayBeServerSpan) !== 0) servers.push(start, itemEnd, scan.traceIdAt, scan.itemCount)
        scan.itemCount++
        break
      }
      default:
        skipField(reader, end)
    }
  }
  return found.length + servers.length === 0 ? undefined : { scopes, items: found, servers }
}

function passRange(reader: ProtobufReader, end: number, ranges: number[]): void {
  const contentEnd = readContentEnd(reader, end)
  ranges.push(reader.position, contentEnd)
  reader.position = contentEnd
}

function selectMatches(
  scan: Scan,
  items: Items,
  matches: readonly ScopeMatches[],
  resources: number[],
): void {
  const { reader } = scan
  const resource = lazily(() => readResource(reader, resources))
  for (const match of matches) {
    const scope = lazily(() => readScope(reader, match.scopes))
    for (let i = 0; i < match.items.length; i += 3) {
      reader.position = match.items[i] as number
      const itemIndex = match.items[i + 2] as number
      items.select(scan, { itemIndex, scope, resource }, match.items[i + 1] as number)
    }
    if (match.servers.length > 0) scan.serverSpans.push({ places: match.servers, scope, resource })
  }
}

// Several occurrences of a message field are parts of one message.
// Source: protobuf.dev/programming-guides/encoding, "Last One Wins".

function readResource(reader: ProtobufReader, ranges: readonly number[]): Attributes {
  const attributes = startAttributes()
  for (let i = 0; i < ranges.length; i += 2) {
    const end = startRange(reader, ranges, i)
    while (findField(reader, end, resourceFields, 1)) readAttribute(reader, end, attributes)
  }
  return attributes.end()
}

function readScope(reader: ProtobufReader, ranges: readonly number[]): ScopeOfEvent {
  const attributes = startAttributes()
  let name = ''
  let version = ''
  for (let i = 0; i < ranges.length; i += 2) {
    const end = startRange(reader, ranges, i)
    while (reader.position < end) {
      switch (nextField(reader, end, scopeFields)) {
        case 1:
          name = readString(reader, end)
          break
        case 2:
          version = readString(reader, end)
          break
        case 3:
          readAttribute(reader, end, attributes)
          break
        default:
          skipField(reader, end)
      }
    }
  }
  return { name, version, attributes: attributes.end() }
}

function startRange(reader: ProtobufReader, ranges: readonly number[], index: number): number {
  reader.position = ranges[index] as number
  return ranges[index + 1] as number
}
