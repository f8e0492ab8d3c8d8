import { createByteSource } from '../event/byte-source.ts'
import type { Encoding, ExportCounts, SelectedEvent, Signal, TakeEvent } from '../event/selected-event.ts'
import type { EventRule, EventRuleOptions } from './event-rule.ts'
import { createEventRule } from './event-rule.ts'
import { createExportScan } from './export-scan.ts'
import { createFailedTraces, findRequestErrors, takeRequestErrors } from './failed-requests.ts'
import { createJsonReader } from './json-reader.ts'
import { createProtobufReader } from './protobuf-reader.ts'
import { scanExportJson } from './scan-export-json.ts'
import { scanExportProtobuf } from './scan-export-protobuf.ts'
import { logRecordsJson } from './scan-logs-json.ts'
import { logRecordsProtobuf } from './scan-logs-protobuf.ts'
import { serverSpansJson, spansJson } from './scan-traces-json.ts'
import { serverSpansProtobuf, spansProtobuf } from './scan-traces-protobuf.ts'

/** Takes the body of an OTLP export request, decompressed, and hands on what its rows are made from. */
export type SelectEvents = (
  signal: Signal,
  encoding: Encoding,
  body: Uint8Array,
  take: TakeEvent,
) => ExportCounts

/**
 * Selects upstream and request errors from export requests without decoding the rest. Texts of the events stand in
 * `body`, and are good as long as it is. It throws MalformedOtlpError, and nothing else, for bytes that are not the
 * message: an empty body is an empty request in protobuf and malformed in JSON; events may have been taken before it throws. What
 * is checked in the parts that are skipped is said at `scanExportProtobuf` and `scanExportJson`. With
 * `derivedRequestErrors`, the records of failed requests are made last, when it is known which traces need one.
 */
export function createSelectEvents(options: EventRuleOptions): SelectEvents {
  const rule = createEventRule(options)
  const derives = options.derivedRequestErrors === true
  return (signal, encoding, body, take) => {
    const traces = derives && signal === 'traces' ? createFailedTraces() : undefined
    const takeAndNote: TakeEvent = (event) => {
      traces?.note(event)
      take(event)
    }
    const walk = encoding === 'protobuf' ? walkProtobuf : walkJson
    const { scan, requestErrors } = walk(signal, body, rule, traces === undefined ? take : takeAndNote)
    const unrecorded = traces?.unrecorded()
    const derived =
      traces === undefined || unrecorded === undefined || unrecorded.size === 0
        ? 0
        : takeRequestErrors(requestErrors(unrecorded), traces, take)
    return { itemCount: scan.itemCount, eventCount: scan.eventCount + derived }
  }
}

interface Walked {
  readonly scan: ExportCounts
  /** Reads the failed requests of traces again; good as long as the body is. */
  readonly requestErrors: (traces: ReadonlySet<string>) => readonly SelectedEvent[]
}

function walkProtobuf(signal: Signal, body: Uint8Array, rule: EventRule, take: TakeEvent): Walked {
  const scan = createExportScan(createProtobufReader(createByteSource(body)), rule, take)
  scanExportProtobuf(scan, signal === 'traces' ? spansProtobuf : logRecordsProtobuf)
  return { scan, requestErrors: (traces) => findRequestErrors(scan, serverSpansProtobuf, traces) }
}

function walkJson(signal: Signal, body: Uint8Array, rule: EventRule, take: TakeEvent): Walked {
  const scan = createExportScan(createJsonReader(createByteSource(body)), rule, take)
  scanExportJson(scan, signal === 'traces' ? spansJson : logRecordsJson)
  return { scan, requestErrors: (traces) => findRequestErrors(scan, serverSpansJson, traces) }
}
