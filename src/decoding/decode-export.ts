import { type Encoding, requestErrorName, type Signal } from '../event/selected-event.ts'
import {
  createRowEncoder,
  type EncodedRow,
  upstreamErrorColumns,
  upstreamErrorTable,
} from '../event/tables.ts'
import type { UpstreamErrorEvent } from '../event/upstream-error-event.ts'
import { createNormalizer } from '../normalization/normalize-event.ts'
import { createRedactor } from '../redaction/create-redactor.ts'
import { createEventRedaction } from '../redaction/redact-event.ts'
import { createSelector } from '../selection/select-events.ts'

/** What decoding is made from; plain data, so that a worker thread can be given it. */
export interface DecodingSettings {
  readonly exceptionEvents: boolean
  /** Events older than this are rejected, ms. */
  readonly maxAgeMs: number
  readonly bodyMaxBytes: number
}

export interface DecodedExport {
  readonly itemCount: number
  readonly eventCount: number
  /** Events that are ours, the rejected ones included. */
  readonly selectedCount: number
  readonly rows: readonly EncodedRow[]
  readonly rejected: readonly { readonly reason: string; readonly itemIndex: number }[]
  /** Rows whose bodies were left out. */
  readonly shedCount: number
}

/**
 * From the bytes of an export to rows ready for the journal: select, normalize, redact, encode.
 * @param withoutBodies leaves request and response bodies out of the rows; their sizes stay.
 * @throws MalformedOtlpError
 */
export type DecodeExport = (
  signal: Signal,
  encoding: Encoding,
  body: Uint8Array,
  withoutBodies: boolean,
) => DecodedExport

const maxTextBytes = 8192
const maxAttributes = 128
const maxHeaderBytes = 16_384

export function createDecodeExport(settings: DecodingSettings): DecodeExport {
  const select = createSelector({ exceptionEvents: settings.exceptionEvents })
  const normalize = createNormalizer({ maxAgeMs: settings.maxAgeMs })
  const redactor = createRedactor({ bodies: { default: 'redact', byPlatform: new Map() } })
  const redact = createEventRedaction(redactor, {
    maxBodyBytes: settings.bodyMaxBytes,
    maxTextBytes,
    maxAttributes,
    maxHeaderBytes,
  })
  const encode = createRowEncoder<UpstreamErrorEvent>(upstreamErrorTable, upstreamErrorColumns)

  return (signal, encoding, body, withoutBodies) => {
    const { itemCount, eventCount, selected } = select(signal, encoding, body)
    const nowMs = Date.now()
    const rows: EncodedRow[] = []
    const rejected: { reason: string; itemIndex: number }[] = []
    let selectedCount = 0
    let shedCount = 0
    for (const event of selected) {
      if (event.name === requestErrorName) continue
      selectedCount++
      const normalized = normalize(event, nowMs)
      if (normalized.status === 'rejected') {
        rejected.push({ reason: normalized.reason, itemIndex: event.itemIndex })
        continue
      }
      const redacted = redact(normalized.event)
      const kept = withoutBodies ? shedBodies(redacted) : redacted
      if (kept !== redacted) shedCount++
      rows.push(encode(kept, signal))
    }
    return { itemCount, eventCount, selectedCount, rows, rejected, shedCount }
  }
}

/** The event without its bodies; their sizes stay. */
function shedBodies(event: UpstreamErrorEvent): UpstreamErrorEvent {
  if (event.request_body === '' && event.response_body === '') return event
  const attributes = new Map(event.attributes).set('ops.shed', 'bodies')
  return { ...event, request_body: '', response_body: '', attributes }
}
