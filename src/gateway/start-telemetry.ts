import { hostname } from 'node:os'
import { context, logs, type ProxyTracerProvider, propagation, trace } from '@opentelemetry/api'
import { OTLPLogExporter as JsonLogExporter } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPLogExporter as ProtobufLogExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { OTLPTraceExporter as JsonTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtobufTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import {
  defaultResource,
  envDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources'
import { BatchLogRecordProcessor } from '@opentelemetry/sdk-logs'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace'
import { countExports, queueDropMeter } from './count-exports.ts'
import { settlePending } from './pending-work.ts'
import { configureRecording } from './recording-settings.ts'
import {
  type SignalSettings,
  type TelemetryOptions,
  type TelemetrySettings,
  telemetrySettings,
} from './telemetry-settings.ts'

export interface Telemetry {
  /** False when OpenTelemetry was set up before: events go to that SDK, and flushing is its owner's. */
  readonly started: boolean
  /** Exports what is recorded so far. Never rejects: a failed export is counted in `telemetryStats()`. */
  forceFlush(): Promise<void>
  /** Exports the rest within `shutdownTimeoutMs`, then stops. Safe to call twice; never rejects. */
  shutdown(): Promise<void>
}

/**
 * Sets up OpenTelemetry for this process: traces and log events over OTLP/HTTP to the sidecar. Call it once, first.
 * A process that runs a NodeSDK of its own leaves it out: everything in this package uses OpenTelemetry's global API.
 * @throws RangeError for an option or variable that is of no use; after that, nothing throws.
 */
export function startTelemetry(options: TelemetryOptions = {}): Telemetry {
  const settings = telemetrySettings(options, process.env)
  if (options.recording !== undefined) configureRecording(options.recording)
  if (isTracerProviderSet()) return { started: false, forceFlush: settlePending, shutdown: settlePending }

  const spanExporters = settings.traces.isExported ? [countExports(traceExporter(settings))] : []
  const logExporters = settings.logs.isExported ? [countExports(logExporter(settings))] : []
  const spanProcessors = spanExporters.map(
    (exporter) => new BatchSpanProcessor({ exporter, ...batchLimits(settings.traces) }),
  )
  const logRecordProcessors = logExporters.map(
    (exporter) => new BatchLogRecordProcessor({ exporter, ...batchLimits(settings.logs) }),
  )
  const sdk = new NodeSDK({
    resource: defaultResource().merge(resourceFromAttributes(settings.resourceAttributes)),
    // Not the process detector: a command line can hold secrets. What is detected wins over `resource`, so that what
    // the caller says has to come last among the detectors.
    ...(process.env.OTEL_NODE_RESOURCE_DETECTORS
      ? {}
      : {
          resourceDetectors: [
            serviceInstanceIdDetector,
            hostNameDetector,
            envDetector,
            { detect: () => ({ attributes: settings.resourceAttributes }) },
          ],
        }),
    ...(settings.serviceName === undefined ? {} : { serviceName: settings.serviceName }),
    spanProcessors,
    logRecordProcessors,
    metricReaders: [],
  })
  sdk.start()

  const flush = async () => {
    await settlePending()
    // A processor's flush does not wait for an export that is under way; the exporter's does.
    for (const part of [spanProcessors, logRecordProcessors, spanExporters, logExporters]) {
      await Promise.allSettled(part.map((flushed) => flushed.forceFlush()))
    }
  }
  let stopped: Promise<void> | undefined
  return {
    started: true,
    forceFlush: flush,
    shutdown() {
      stopped ??= within(settings.shutdownTimeoutMs, async () => {
        await flush()
        await sdk.shutdown()
      }).finally(releaseGlobals)
      return stopped
    },
  }
}

/** OpenTelemetry's own host detector reads files first, and holds up the first export until it has. */
const hostNameDetector = { detect: () => ({ attributes: { 'host.name': hostname() } }) }

function batchLimits({ maxQueueSize, maxExportBatchSize, scheduledDelayMs }: SignalSettings) {
  return {
    maxQueueSize,
    maxExportBatchSize,
    scheduledDelayMillis: scheduledDelayMs,
    selfObsMeterProvider: queueDropMeter,
  }
}

type ExporterConfig = NonNullable<ConstructorParameters<typeof JsonTraceExporter>[0]>

function exporterConfig(settings: TelemetrySettings, url: string | undefined): ExporterConfig {
  return {
    ...(url === undefined ? {} : { url }),
    ...(settings.headers === undefined ? {} : { headers: { ...settings.headers } }),
    ...(settings.compression === undefined
      ? {}
      : { compression: settings.compression as NonNullable<ExporterConfig['compression']> }),
    ...(settings.exportTimeoutMs === undefined ? {} : { timeoutMillis: settings.exportTimeoutMs }),
  }
}

function traceExporter(settings: TelemetrySettings) {
  const config = exporterConfig(settings, settings.traces.url)
  return settings.traces.protocol === 'http/json'
    ? new JsonTraceExporter(config)
    : new ProtobufTraceExporter(config)
}

function logExporter(settings: TelemetrySettings) {
  const config = exporterConfig(settings, settings.logs.url)
  return settings.logs.protocol === 'http/json'
    ? new JsonLogExporter(config)
    : new ProtobufLogExporter(config)
}

/** The API hands out a proxy; its delegate is a no-op provider until somebody registers a real one. */
function isTracerProviderSet(): boolean {
  const provider = trace.getTracerProvider() as Partial<ProxyTracerProvider>
  const delegate = provider.getDelegate?.() ?? provider
  return delegate.constructor.name !== 'NoopTracerProvider'
}

/** Lets a later `startTelemetry` in the same process register anew. */
function releaseGlobals(): void {
  trace.disable()
  logs.disable()
  context.disable()
  propagation.disable()
}

async function within(timeoutMs: number, work: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs)
  })
  await Promise.race([work().catch(() => undefined), deadline])
  clearTimeout(timer)
}
