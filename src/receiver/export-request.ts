import type { ServiceNamespaces } from '../access/token.ts'
import type { ErrorCode } from '../errors.ts'
import type { Encoding, Signal } from '../event/selected-event.ts'

/** One OTLP export request as the receiver hands it on: inflated, within the limits. */
export interface ExportRequest {
  readonly signal: Signal
  readonly encoding: Encoding
  /** Inflated. */
  readonly body: Uint8Array
  /** Said once the body is decoded: its memory is given back then, not when the disk has answered. */
  readonly releaseBody: () => void
  /** Events of other namespaces are rejected; undefined = of none. */
  readonly serviceNamespaces: ServiceNamespaces
}

/** What a forwarding hop passes on: the payload as it was sent. */
export interface SentPayload {
  readonly path: string
  readonly contentType: string
  readonly contentEncoding: string
  readonly bytes: Uint8Array
}

/** Takes a payload for forwarding; false when it has no room for it. Never waits. */
export type Forward = (payload: SentPayload) => boolean

/** What became of it. `rejectedItems` counts spans or log records, as `partial_success` does. */
export type ExportOutcome =
  | { readonly status: 'accepted'; readonly rejectedItems: number; readonly message: string }
  | { readonly status: 'refused'; readonly code: ErrorCode; readonly message: string }

/** The hop after the receiver. Rejects only for the unexpected. */
export type HandleExport = (request: ExportRequest) => Promise<ExportOutcome>
