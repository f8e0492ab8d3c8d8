import type { ErrorCode } from '../errors.ts'
import type { Encoding, Signal } from '../event/selected-event.ts'

/** One OTLP export request as the receiver hands it on: inflated, within the limits. */
export interface ExportRequest {
  readonly signal: Signal
  readonly encoding: Encoding
  readonly body: Uint8Array
}

/** What became of it. `rejectedItems` counts spans or log records, as `partial_success` does. */
export type ExportOutcome =
  | { readonly status: 'accepted'; readonly rejectedItems: number; readonly message: string }
  | { readonly status: 'refused'; readonly code: ErrorCode; readonly message: string }

/** The hop after the receiver. Rejects only for the unexpected. */
export type HandleExport = (request: ExportRequest) => Promise<ExportOutcome>
