/** What the SDK did in this process since it was loaded. Counts of events, unless said otherwise. */
export interface TelemetryStats {
  /** `ops.upstream_error` events handed to OpenTelemetry. */
  upstreamErrors: number
  /** `ops.request_error` events handed to OpenTelemetry. */
  requestErrors: number
  /** Errors that were already recorded (by `instrumentFetch`, say) when they were given again. */
  duplicates: number
  /** Events that no tracer or logger would take: not sampled, or OpenTelemetry is not set up. */
  droppedUnrecorded: number
  /** Spans and log records that OpenTelemetry's queue had no room for. */
  droppedQueueFull: number
  /** Spans and log records in exports that failed for good. */
  droppedExport: number
  /** Spans and log records that the endpoint accepted. */
  exported: number
  /** Defects of this SDK that were caught before they reached the gateway. */
  internalErrors: number
}

export const counters: TelemetryStats = {
  upstreamErrors: 0,
  requestErrors: 0,
  duplicates: 0,
  droppedUnrecorded: 0,
  droppedQueueFull: 0,
  droppedExport: 0,
  exported: 0,
  internalErrors: 0,
}

/** A copy of the counters at this moment. */
export function telemetryStats(): TelemetryStats {
  return { ...counters }
}
