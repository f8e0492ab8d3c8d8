import type { ServiceNamespaces } from '../access/token.ts'
import type { RequestErrorEvent } from '../event/request-error-event.ts'
import { createRowWriter } from '../event/row-binary.ts'
import {
  derivedAttribute,
  type Encoding,
  requestErrorName,
  type SelectedEvent,
  type Signal,
  type TakeEvent,
} from '../event/selected-event.ts'
import {
  createRowEncoder,
  type EncodedRow,
  requestErrorColumns,
  requestErrorTable,
  upstreamErrorColumns,
  upstreamErrorTable,
} from '../event/tables.ts'
import type { UpstreamErrorEvent } from '../event/upstream-error-event.ts'
import { stringOf, type Text } from '../event/utf8-text.ts'
import { type AttemptOfRequest, completeDerived } from '../normalization/complete-derived.ts'
import { createNormalizer, type Normalized } from '../normalization/normalize-event.ts'
import { createEventRedaction } from '../redaction/redact-event.ts'
import { createRequestErrorRedaction } from '../redaction/redact-request-error.ts'
import { createConfiguredRedactor, type RedactionSettings } from '../redaction/redaction-settings.ts'
import { createSelectEvents } from '../selection/select-events.ts'

/** What decoding is made from; plain data, so that a worker thread can be given it. */
export interface DecodingSettings {
  readonly exceptionEvents: boolean
  /** Make records of failed requests from their SERVER spans where the gateway emitted none. */
  readonly derivedRequestErrors: boolean
  /** Events older than this are rejected, ms. */
  readonly maxAgeMs: number
  readonly bodyMaxBytes: number
  readonly redaction: RedactionSettings
}

export interface DecodedExport {
  readonly itemCount: number
  readonly eventCount: number
  /** Events that are ours, the rejected ones included. */
  readonly selectedCount: number
  readonly rows: readonly EncodedRow[]
  /** Gives the memory of the rows back, said when all are copied; without it, they stay good. */
  readonly releaseRows: () => void
  readonly rejected: readonly { readonly reason: string; readonly itemIndex: number }[]
  /** Rows whose bodies were left out. */
  readonly shedCount: number
}

/**
 * From the bytes of an export to rows ready for the journal: select, normalize, redact, encode.
 * @param withoutBodies leaves request and response bodies out of the rows; their sizes stay.
 * @param serviceNamespaces events of others are rejected; undefined = of none.
 * @throws MalformedOtlpError
 */
export type DecodeExport = (
  signal: Signal,
  encoding: Encoding,
  body: Uint8Array,
  withoutBodies: boolean,
  serviceNamespaces?: ServiceNamespaces,
) => DecodedExport

type Kept = Exclude<Normalized, { status: 'rejected' }>

/**
 * Events that are normalized before the first of them is redacted. Each of the two is a lot of code, which stays in the
 * processor's caches meanwhile.
 */
const groupedEvents = 16
const maxTextBytes = 8192
const maxAttributes = 128
const maxHeaderBytes = 16_384

export function createDecodeExport(settings: DecodingSettings): DecodeExport {
  const select = createSelectEvents(settings)
  const normalize = createNormalizer({ maxAgeMs: settings.maxAgeMs })
  const redactor = createConfiguredRedactor(settings.redaction)
  const limits = { maxBodyBytes: settings.bodyMaxBytes, maxTextBytes, maxAttributes, maxHeaderBytes }
  const redactUpstreamError = createEventRedaction(redactor, limits)
  const redactRequestError = createRequestErrorRedaction(redactor, limits)
  const writer = createRowWriter()
  const encodeUpstreamError = createRowEncoder<UpstreamErrorEvent>(
    upstreamErrorTable,
    upstreamErrorColumns,
    writer,
  )
  const encodeRequestError = createRowEncoder<RequestErrorEvent>(
    requestErrorTable,
    requestErrorColumns,
    writer,
  )

  return (signal, encoding, body, withoutBodies, serviceNamespaces) => {
    const nowMs = Date.now()
    const derives = settings.derivedRequestErrors && signal === 'traces'
    const rows: EncodedRow[] = []
    const rejected: { reason: string; itemIndex: number }[] = []
    /** The last failed attempt of each trace: derived records come after all attempts. */
    const attempts = new Map<string, AttemptOfRequest>()
    let selectedCount = 0
    let shedCount = 0
    const group: SelectedEvent[] = []

    const normalizeKept = (event: SelectedEvent): Kept | undefined => {
      const isDerived = event.name === requestErrorName && event.attributes.keys.includes(derivedAttribute)
      const source = isDerived ? completeDerived(event, attempts.get(event.traceId)) : event
      const normalized = normalize(source, nowMs)
      if (normalized.status === 'rejected') {
        rejected.push({ reason: normalized.reason, itemIndex: event.itemIndex })
        return undefined
      }
      if (serviceNamespaces?.includes(stringOf(normalized.event.service_namespace)) === false) {
        rejected.push({ reason: 'foreign_namespace', itemIndex: event.itemIndex })
        return undefined
      }
      if (derives && normalized.status === 'upstream_error' && event.traceId !== '')
        attempts.set(event.traceId, normalized.event)
      return normalized
    }
    const addRow = (kept: Kept): void => {
      if (kept.status === 'request_error') {
        const redacted = redactRequestError(kept.event)
        const row = withoutBodies ? shedBodies(redacted, { request_body: '', error_body: '' }) : redacted
        if (row !== redacted) shedCount++
        rows.push(encodeRequestError(row, signal))
      } else {
        const redacted = redactUpstreamError(kept.event)
        const row = withoutBodies ? shedBodies(redacted, { request_body: '', response_body: '' }) : redacted
        if (row !== redacted) shedCount++
        rows.push(encodeUpstreamError(row, signal))
      }
    }
    const endGroup = (): void => {
      for (const kept of group.map(normalizeKept)) if (kept !== undefined) addRow(kept)
      group.length = 0
    }
    const take: TakeEvent = (event) => {
      selectedCount++
      group.push(event)
      if (group.length === groupedEvents) endGroup()
    }
    try {
      const { itemCount, eventCount } = select(signal, encoding, body, take)
      endGroup()
      return { itemCount, eventCount, selectedCount, rows, releaseRows: writer.end(), rejected, shedCount }
    } catch (error) {
      writer.end()()
      throw error
    }
  }
}

/** The row without its bodies; their sizes stay, and an attribute tells why they are gone. */
function shedBodies<Row extends { attributes: ReadonlyMap<string, Text> }>(
  row: Row,
  without: Partial<Row>,
): Row {
  const names = Object.keys(without) as (keyof Row)[]
  if (names.every((name) => row[name] === '')) return row
  return { ...row, ...without, attributes: new Map(row.attributes).set('ops.shed', 'bodies') }
}
