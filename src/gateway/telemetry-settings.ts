import type { RecordingOptions } from './recording-settings.ts'

export type OtlpProtocol = 'http/json' | 'http/protobuf'

/** Options win over the `OTEL_*` variables, which win over the defaults. */
export interface TelemetryOptions {
  /** Env: OTEL_SERVICE_NAME. */
  readonly serviceName?: string | undefined
  /** More resource attributes: `service.namespace`, `deployment.environment.name`, … Env: OTEL_RESOURCE_ATTRIBUTES. */
  readonly resourceAttributes?: Readonly<Record<string, string>> | undefined
  /** Base URL of OTLP/HTTP. Env: OTEL_EXPORTER_OTLP_ENDPOINT. Default: http://127.0.0.1:4318. */
  readonly endpoint?: string | undefined
  /** Env: OTEL_EXPORTER_OTLP_PROTOCOL. Default: http/json. */
  readonly protocol?: OtlpProtocol | undefined
  /** Env: OTEL_EXPORTER_OTLP_HEADERS. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Sent as `authorization: Bearer …`. */
  readonly token?: string | undefined
  /** Env: OTEL_EXPORTER_OTLP_COMPRESSION. Default: gzip. */
  readonly compression?: 'gzip' | 'none' | undefined
  /** Limit of one export, retries included. Env: OTEL_EXPORTER_OTLP_TIMEOUT. Default: 10000. */
  readonly exportTimeoutMs?: number | undefined
  /** Spans held while they wait for an export. Env: OTEL_BSP_MAX_QUEUE_SIZE. Default: 2048. */
  readonly maxQueueSize?: number | undefined
  /** Spans of one export. Env: OTEL_BSP_MAX_EXPORT_BATCH_SIZE. Default: 256. */
  readonly maxExportBatchSize?: number | undefined
  /** Env: OTEL_BSP_SCHEDULE_DELAY. Default: 1000. */
  readonly scheduledDelayMs?: number | undefined
  /** How long `shutdown` waits for the last export. Default: 5000. */
  readonly shutdownTimeoutMs?: number | undefined
  readonly recording?: RecordingOptions | undefined
}

export interface TelemetrySettings {
  readonly serviceName: string | undefined
  readonly resourceAttributes: Readonly<Record<string, string>>
  readonly protocol: OtlpProtocol
  /** undefined: the exporter reads them from the environment. */
  readonly tracesUrl: string | undefined
  readonly logsUrl: string | undefined
  readonly headers: Readonly<Record<string, string>> | undefined
  readonly compression: 'gzip' | 'none' | undefined
  readonly exportTimeoutMs: number | undefined
  readonly maxQueueSize: number
  readonly maxExportBatchSize: number
  readonly scheduledDelayMs: number
  readonly shutdownTimeoutMs: number
}

type Env = Readonly<Record<string, string | undefined>>

/** @throws RangeError with the option or variable and its value, for a protocol, endpoint or number of no use. */
export function telemetrySettings(options: TelemetryOptions, env: Env): TelemetrySettings {
  const maxQueueSize = positive('maxQueueSize', options.maxQueueSize, env, 'OTEL_BSP_MAX_QUEUE_SIZE') ?? 2_048
  const batchSize =
    positive('maxExportBatchSize', options.maxExportBatchSize, env, 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE') ?? 256
  return {
    serviceName: options.serviceName,
    resourceAttributes: options.resourceAttributes ?? {},
    protocol: protocolOf(options, env),
    tracesUrl: signalUrl('traces', options, env),
    logsUrl: signalUrl('logs', options, env),
    headers: headersOf(options),
    compression: options.compression ?? (isCompressionSet(env) ? undefined : 'gzip'),
    exportTimeoutMs: positive('exportTimeoutMs', options.exportTimeoutMs, env, undefined),
    maxQueueSize,
    maxExportBatchSize: Math.min(batchSize, maxQueueSize),
    scheduledDelayMs:
      positive('scheduledDelayMs', options.scheduledDelayMs, env, 'OTEL_BSP_SCHEDULE_DELAY') ?? 1_000,
    shutdownTimeoutMs: positive('shutdownTimeoutMs', options.shutdownTimeoutMs, env, undefined) ?? 5_000,
  }
}

function protocolOf(options: TelemetryOptions, env: Env): OtlpProtocol {
  const protocol =
    options.protocol ??
    (env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL || env.OTEL_EXPORTER_OTLP_PROTOCOL || 'http/json').trim()
  if (protocol === 'http/json' || protocol === 'http/protobuf') return protocol
  throw new RangeError(`OTLP protocol '${protocol}' is not supported here: use http/json or http/protobuf`)
}

function signalUrl(signal: 'traces' | 'logs', options: TelemetryOptions, env: Env): string | undefined {
  const isInEnv =
    env.OTEL_EXPORTER_OTLP_ENDPOINT || env[`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT`]
  if (options.endpoint === undefined && isInEnv) return undefined
  const endpoint = options.endpoint ?? 'http://127.0.0.1:4318'
  if (!URL.canParse(endpoint)) throw new RangeError(`endpoint '${endpoint}' is not a URL`)
  return `${endpoint.replace(/\/+$/, '')}/v1/${signal}`
}

function headersOf(options: TelemetryOptions): Record<string, string> | undefined {
  if (options.headers === undefined && options.token === undefined) return undefined
  return {
    ...options.headers,
    ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
  }
}

function isCompressionSet(env: Env): boolean {
  return Boolean(env.OTEL_EXPORTER_OTLP_COMPRESSION || env.OTEL_EXPORTER_OTLP_TRACES_COMPRESSION)
}

function positive(name: string, option: number | undefined, env: Env, variable: string | undefined) {
  const fromEnv = variable === undefined ? undefined : env[variable]
  const value = option ?? (fromEnv ? Number(fromEnv) : undefined)
  if (value === undefined || (Number.isInteger(value) && value > 0)) return value
  const origin = option === undefined ? `${variable}=${fromEnv}` : `${name}: ${option}`
  throw new RangeError(`${origin} is not a positive integer`)
}
