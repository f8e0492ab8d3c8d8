export { endRequest } from './end-request.ts'
export { expressUpstreamErrors } from './express-middleware.ts'
export { fastifyUpstreamErrors } from './fastify-plugin.ts'
export { type InstrumentFetchOptions, instrumentFetch } from './instrument-fetch.ts'
export { type InstrumentUndiciOptions, instrumentUndici } from './instrument-undici.ts'
export { observeStream } from './observe-stream.ts'
export { type RateLimitDecision, recordRateLimited } from './record-rate-limited.ts'
export { recordUpstreamError } from './record-upstream-error.ts'
export { configureRecording, type EmitMode, type RecordingOptions } from './recording-settings.ts'
export { runWithUpstreamContext } from './run-with-upstream-context.ts'
export { serveRequest } from './serve-request.ts'
export { startTelemetry, type Telemetry } from './start-telemetry.ts'
export type { OtlpProtocol, TelemetryOptions } from './telemetry-settings.ts'
export { type TelemetryStats, telemetryStats } from './telemetry-stats.ts'
export {
  addStageLatency,
  currentUpstreamContext,
  type FailedAttempt,
  failRequest,
  type Identifier,
  openUpstreamContext,
  type RequestFailure,
  type RequestFields,
  runInUpstreamContext,
  type Stage,
  setRequestFields,
  timeStage,
  type UpstreamContext,
} from './upstream-context.ts'
export type { UpstreamErrorDetails } from './upstream-error-details.ts'
