import type { Encoding, ExportCounts, Signal, TakeEvent } from '../event/selected-event.ts'
import { createByteSource } from './byte-source.ts'
import type { EventRuleOptions } from './event-rule.ts'
import { createEventRule } from './event-rule.ts'
import { createExportScan } from './export-scan.ts'
import { createJsonReader } from './json-reader.ts'
import { createProtobufReader } from './protobuf-reader.ts'
import { scanExportJson } from './scan-export-json.ts'
import { scanExportProtobuf } from './scan-export-protobuf.ts'
import { logRecordsJson } from './scan-logs-json.ts'
import { logRecordsProtobuf } from './scan-logs-protobuf.ts'
import { spansJson } from './scan-traces-json.ts'
import { spansProtobuf } from './scan-traces-protobuf.ts'

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
 * empty body is an empty request in protobuf and malformed in JSON; events may have been taken before it throws. What is checked in the parts that are
 * skipped is said at `scanExportProtobuf` and `scanExportJson`.
 */
export function createSelectEvents(options: EventRuleOptions): SelectEvents {
  const rule = createEventRule(options)
  return (signal, encoding, body, take) => {
    const source = createByteSource(body)
    if (encoding === 'protobuf') {
      const scan = createExportScan(createProtobufReader(source), rule, take)
      scanExportProtobuf(scan, signal === 'traces' ? spansProtobuf : logRecordsProtobuf)
      return scan
    }
    const scan = createExportScan(createJsonReader(source), rule, take)
    scanExportJson(scan, signal === 'traces' ? spansJson : logRecordsJson)
    return scan
  }
}
