import type { Logger } from 'pino'
import type { WatchedCertificates } from './access/certificates.ts'
import type { CheckAccess } from './access/token.ts'
import type { Config } from './config.ts'
import { createDecodeExport, type DecodingSettings } from './decoding/decode-export.ts'
import { createDecodePool } from './decoding/decode-pool.ts'
import type { RecentEvents } from './deduplication/recent-events.ts'
import { startForwarding } from './forwarding/forward.ts'
import type { Journal } from './journal/journal.ts'
import type { Metrics } from './metrics/metrics.ts'
import { journalPressure, maxRecordBytes } from './open-configured-journal.ts'
import { createPipeline, type PipelineHops } from './pipeline.ts'
import type { NextHops } from './receiver/handle-export.ts'
import { startOtlpServer } from './receiver/otlp-server.ts'
import { createReceiverBounds } from './receiver/receiver-bounds.ts'

import type { RedactionSettings } from './redaction/redaction-settings.ts'

export interface Receivers {
  readonly otlpPort: number
  /** Undefined while OTLP/gRPC is off. */
  readonly otlpGrpcPort: number | undefined
}

const forwardMaxElapsedMs = 60_000
const forwardStopMs = 2000

/** Starts what brings exports in, the near end last. Every step that is to be undone is added to `stops`. */
export async function startReceivers(
  config: Config,
  checkAccess: CheckAccess,
  certificates: WatchedCertificates | undefined,
  redaction: RedactionSettings,
  recent: RecentEvents,
  journal: Journal,
  metrics: Metrics,
  log: Logger,
  stops: (() => unknown)[],
): Promise<Receivers> {
  const handle = createPipeline(
    {
      decode: startDecoding(config, redaction, stops),
      recent,
      journal,
      maxRecordBytes: maxRecordBytes(config),
      pressure: () => journalPressure(journal, config),
      ackTimeoutMs: config.otlpAckTimeoutMs,
    },
    metrics,
    log,
  )
  const next: NextHops = { handle, forward: startForward(config, metrics, log, stops) }
  const bounds = createReceiverBounds(config, checkAccess)
  const http = await startOtlpServer(config, bounds, certificates, next, metrics, log)
  stops.push(() => http.stop())
  if (config.otlpGrpcPort === 0) return { otlpPort: http.port, otlpGrpcPort: undefined }
  const { startGrpcServer } = await import('./receiver/grpc-server.ts')
  const grpc = await startGrpcServer(config, bounds, certificates, next, metrics, log)
  stops.push(() => grpc.stop())
  return { otlpPort: http.port, otlpGrpcPort: grpc.port }
}

function startDecoding(
  config: Config,
  redaction: RedactionSettings,
  stops: (() => unknown)[],
): PipelineHops['decode'] {
  const settings: DecodingSettings = {
    exceptionEvents: config.exceptionEvents,
    derivedRequestErrors: config.derivedRequestErrors,
    maxAgeMs: config.retentionMs,
    bodyMaxBytes: config.bodyMaxBytes,
    redaction,
  }
  if (config.collectorWorkers === 0) return createDecodeExport(settings)
  const pool = createDecodePool(config.collectorWorkers, settings)
  stops.push(() => pool.stop())
  return pool.decode
}

function startForward(
  config: Config,
  metrics: Metrics,
  log: Logger,
  stops: (() => unknown)[],
): NextHops['forward'] {
  if (config.forwardOtlpEndpoint === '') return undefined
  const forwarding = startForwarding({
    endpoint: config.forwardOtlpEndpoint,
    headers: config.forwardOtlpHeaders,
    maxQueueBytes: config.forwardMaxQueueBytes,
    timeoutMs: config.forwardTimeoutMs,
    maxElapsedMs: forwardMaxElapsedMs,
    metrics,
    log,
  })
  stops.push(() => forwarding.stop(forwardStopMs))
  return forwarding.forward
}
