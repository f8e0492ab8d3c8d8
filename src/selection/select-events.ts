import type { Encoding, ExportCounts, SelectedEvent, Signal, TakeEvent } from '../event/selected-event.ts'
import { MalformedOtlpError } from '../event/selected-event.ts'
import { createByteSource } from './byte-source.ts'
import type { EventRule, EventRuleOptions } from './event-rule.ts'
import { createEventRule } from './event-rule.ts'
import { createExportScan, type ItemScanner } from './export-scan.ts'
import { createFailedTraces, takeRequestErrors } from './failed-requests.ts'
import { createJsonReader } from './json-reader.ts'
import { createProtobufReader, type ProtobufReader } from './protobuf-reader.ts'
import { type JsonItems, scanExportJson } from './scan-export-json.ts'
import { scanExportProtobuf } from './scan-export-protobuf.ts'
import { logRecordsJson } from './scan-logs-json.ts'
import { logRecordsProtobuf } from './scan-logs-protobuf.ts'
import { failedRequestsJson, spansJson } from './scan-traces-json.ts'
import { failedRequestsProtobuf, spansProtobuf } from './scan-traces-protobuf.ts'

/** Takes the body of an OTLP export request, decompressed, and hands on what its rows are made from. */
export type SelectEvents = (
  signal: Signal,
  encoding: Encoding,
  body: Uint8Array,
  take: TakeEvent,
) => ExportCounts

/**
 * Selects upstream and request errors from export requests without decoding the rest. Nothing of `body`
 * is kept. It throws MalformedOtlpError, and nothing else, for bytes that are not the message: an
 * empty body is an empty request in protobuf and malformed in JSON; events may have been taken before it throws. What
 * is checked in the parts that are skipped is said at `scanExportProtobuf` and `scanExportJson`. With
 * `derivedRequestErrors`, traces with upstream errors are walked once more for the spans of their requests; an export
 * without any is not.
 */
export function createSelectEvents(options: EventRuleOptions): SelectEvents {
  const rule = createEventRule(options)
  const walkOnce: SelectEvents = (signal, encoding, body, take) =>
    walk(encoding, body, rule, take, signal === 'traces' ? spans : logRecords)
  if (options.derivedRequestErrors !== true) return walkOnce
  return (signal, encoding, body, take) => {
    if (signal !== 'traces') return walkOnce(signal, encoding, body, take)
    const traces = createFailedTraces()
    const counts = walkOnce(signal, encoding, body, (event) => {
      traces.note(event)
      take(event)
    })
    const unrecorded = traces.unrecorded()
    if (unrecorded.size === 0) return counts
    const derived = takeRequestErrors(findRequests(encoding, body, rule, unrecorded), traces, take)
    return { itemCount: counts.itemCount, eventCount: counts.eventCount + derived }
  }
}

function findRequests(
  encoding: Encoding,
  body: Uint8Array,
  rule: EventRule,
  traces: ReadonlySet<string>,
): readonly SelectedEvent[] {
  const found: SelectedEvent[] = []
  try {
    walk(encoding, body, rule, (request) => found.push(request), failedRequests(traces))
  } catch (error) {
    if (!(error instanceof MalformedOtlpError)) throw error
    // A span that nothing else looks into is broken: no reason to refuse the export.
    return []
  }
  return found
}

/** What is looked into, in each encoding. */
interface Items {
  readonly protobuf: ItemScanner<ProtobufReader>
  readonly json: JsonItems
}

const spans: Items = { protobuf: spansProtobuf, json: spansJson }
const logRecords: Items = { protobuf: logRecordsProtobuf, json: logRecordsJson }
const failedRequests = (traces: ReadonlySet<string>): Items => ({
  protobuf: failedRequestsProtobuf(traces),
  json: failedRequestsJson(traces),
})

function walk(
  encoding: Encoding,
  body: Uint8Array,
  rule: EventRule,
  take: TakeEvent,
  items: Items,
): ExportCounts {
  const source = createByteSource(body)
  if (encoding === 'protobuf') {
    const scan = createExportScan(createProtobufReader(source), rule, take)
    scanExportProtobuf(scan, items.protobuf)
    return scan
  }
  const scan = createExportScan(createJsonReader(source), rule, take)
  scanExportJson(scan, items.json)
  return scan
}
