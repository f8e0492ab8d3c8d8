import { encodeProtobuf } from '../selection/otlp-proto.ts'
import { traceExport, upstreamError } from './otlp.ts'

const ids = new Set(['traceId', 'spanId', 'parentSpanId'])

/** The same request as the JSON helpers make, in protobuf: hex ids become bytes. */
export function toProtobuf(request: unknown): Buffer {
  const text = JSON.stringify(request)
  const message = JSON.parse(text, (key, value: unknown) =>
    ids.has(key) && typeof value === 'string' ? Buffer.from(value, 'hex') : value,
  )
  return encodeProtobuf('traces', message)
}

/** An ExportTraceServiceRequest with one upstream error. */
export function traceRequestBytes(attributes: Parameters<typeof upstreamError>[0]): Buffer {
  return toProtobuf(traceExport([upstreamError(attributes)]))
}
