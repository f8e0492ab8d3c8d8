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
  /** Spans (and log events) held while they wait for an export. Env: OTEL_BSP_ (OTEL_BLRP_) MAX_QUEUE_SIZE. Default: 2048. */
  readonly maxQueueSize?: number | undefined
  /** Of one export. Env: OTEL_BSP_ (OTEL_BLRP_) MAX_EXPORT_BATCH_SIZE. Default: 256. */
  readonly maxExportBatchSize?: number | undefined
  /** Env: OTEL_BSP_ (OTEL_BLRP_) SCHEDULE_DELAY. Default: 1000. */
  readonly scheduledDelayMs?: number | undefined
  /** How long `shutdown` waits for the last export. Default: 5000. */
  readonly shutdownTimeoutMs?: number | undefined
  readonly recording?: RecordingOptions | undefined
}

export interface TelemetrySettings {
  readonly serviceName: string | undefined
  readonly resourceAttributes: Readonly<Record<string, string>>
  readonly traces: SignalSettings
  readonly logs: SignalSettings
  /** undefined, here and below: the exporter reads it from the environment. */
  readonly headers: Readonly<Record<string, string>> | undefined
  readonly compression: 'gzip' | 'none' | undefined
  readonly exportTimeoutMs: number | undefined
  readonly shutdownTimeoutMs: number
}

export interface SignalSettings {
  /** False where OTEL_TRACES_EXPORTER or OTEL_LOGS_EXPORTER is none. */
  readonly isExported: boolean
  readonly protocol: OtlpProtocol
  readonly url: string | undefined
  readonly maxQueueSize: number
  readonly maxExportBatchSize: number
  readonly scheduledDelayMs: number
}

type Env = Readonly<Record<string, string | undefined>>

/** @throws RangeError with the option or variable and its value, for a protocol, endpoint or number of no use. */
export function telemetrySettings(options: TelemetryOptions, env: Env): TelemetrySettings {
  return {
    serviceName: options.serviceName,
    resourceAttributes: options.resourceAttributes ?? {},
    traces: signalSettings('traces', 'OTEL_BSP', options, env),
    logs: signalSettings('logs', 'OTEL_BLRP', options, env),
    headers: headersOf(options),
    compression: options.compression ?? (isCompressionSet(env) ? undefined : 'gzip'),
    exportTimeoutMs: positive('exportTimeoutMs', options.exportTimeoutMs, env, undefined),
    shutdownTimeoutMs: positive('shutdownTimeoutMs', options.shutdownTimeoutMs, env, undefined) ?? 5_000,
  }
}

type Signal = 'traces' | 'logs'

function signalSettings(
  signal: Signal,
  batchPrefix: 'OTEL_BSP' | 'OTEL_BLRP',
  options: TelemetryOptions,
  env: Env,
): SignalSettings {
  const limit = (name: 'maxQueueSize' | 'maxExportBatchSize' | 'scheduledDelayMs', variable: string) =>
    positive(name, options[name], env, `${batchPrefix}_${variable}`)
  const maxQueueSize = limit('maxQueueSize', 'MAX_QUEUE_SIZE') ?? 2_048
  return {
    isExported: env[`OTEL_${signal.toUpperCase()}_EXPORTER`]?.trim() !== 'none',
    protocol: protocolOf(signal, options, env),
    url: signalUrl(signal, options, env),
    maxQueueSize,
    maxExportBatchSize: Math.min(limit('maxExportBatchSize', 'MAX_EXPORT_BATCH_SIZE') ?? 256, maxQueueSize),
    scheduledDelayMs: limit('scheduledDelayMs', 'SCHEDULE_DELAY') ?? 1_000,
  }
}

function protocolOf(signal: Signal, options: TelemetryOptions, env: Env): OtlpProtocol {
  const ofSignal = env[`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_PROTOCOL`]
  const protocol = options.protocol ?? (ofSignal || env.OTEL_EXPORTER_OTLP_PROTOCOL || 'http/json').trim()
  if (protocol === 'http/json' || protocol === 'http/protobuf') return protocol
  throw new RangeError(`OTLP protocol '${protocol}' is not supported here: use http/json or http/protobuf`)
}

function signalUrl(signal: Signal, options: TelemetryOptions, env: Env): string | undefined {
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
