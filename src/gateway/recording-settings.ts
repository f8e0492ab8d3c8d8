import type { RedactionOptions } from '../redaction/create-redactor.ts'
import { createRedaction, type Redaction } from './redaction.ts'

/** How an event leaves the SDK: as a span event, or as an OpenTelemetry log event (its successor). */
export type EmitMode = 'span' | 'log'

/** What `recordUpstreamError` and the request record do by default. Bytes count UTF-8. */
export interface RecordingOptions {
  /** Default: 'span'. */
  readonly emit?: EmitMode | undefined
  /** Take the bodies of upstream answers along. Default: true. */
  readonly responseBodies?: boolean | undefined
  /** Take request bodies along; they hold what end users wrote. Default: false. */
  readonly requestBodies?: boolean | undefined
  /** What is kept of a body; its full size is reported. Default: 16384. */
  readonly maxBodyBytes?: number | undefined
  /** How long to wait for the body of a failed answer that was given unread. Default: 2000. */
  readonly bodyTimeoutMs?: number | undefined
  /** Header names, lowercase, to take along besides the standard ones. Default: none. */
  readonly extraHeaders?: readonly string[] | undefined
  /** Other redaction than the default: rules of your own, marker hashes, bodies dropped. */
  readonly redaction?: Partial<RedactionOptions> | undefined
}

export interface RecordingSettings {
  readonly emit: EmitMode
  readonly responseBodies: boolean
  readonly requestBodies: boolean
  readonly maxBodyBytes: number
  readonly bodyTimeoutMs: number
  readonly extraHeaders: ReadonlySet<string>
  readonly redaction: Redaction
}

function settle(options: RecordingOptions): RecordingSettings {
  return Object.freeze({
    emit: options.emit ?? 'span',
    responseBodies: options.responseBodies ?? true,
    requestBodies: options.requestBodies ?? false,
    maxBodyBytes: options.maxBodyBytes ?? 16_384,
    bodyTimeoutMs: options.bodyTimeoutMs ?? 2_000,
    extraHeaders: new Set(options.extraHeaders?.map((name) => name.toLowerCase())),
    redaction: createRedaction(options.redaction),
  })
}

let settings = settle({})

/**
 * Sets the defaults of this process. `startTelemetry` calls it with its `recording` option; call it yourself only
 * beside an OpenTelemetry SDK of your own.
 * @throws RangeError for sizes or times that are not positive integers, RedactionOptionsError for rules of no use.
 */
export function configureRecording(options: RecordingOptions): void {
  for (const name of ['maxBodyBytes', 'bodyTimeoutMs'] as const) {
    const value = options[name]
    if (value !== undefined && !(Number.isInteger(value) && value > 0)) {
      throw new RangeError(`recording.${name} must be a positive integer, not ${value}`)
    }
  }
  settings = settle(options)
}

export function recordingSettings(): RecordingSettings {
  return settings
}
