import type { Encoding, Signal } from '../event/selected-event.ts'

/** Numbers of google.rpc.Code for the HTTP statuses that the receiver answers. */
const rpcCodes: Readonly<Record<number, number>> = {
  400: 3, // INVALID_ARGUMENT
  401: 16, // UNAUTHENTICATED
  403: 7, // PERMISSION_DENIED
  404: 5, // NOT_FOUND
  405: 12, // UNIMPLEMENTED
  413: 8, // RESOURCE_EXHAUSTED
  415: 3,
  429: 8,
  503: 14, // UNAVAILABLE
}
const rpcInternal = 13

const rejectedField: Record<Signal, string> = { traces: 'rejectedSpans', logs: 'rejectedLogRecords' }

/**
 * ExportTraceServiceResponse or ExportLogsServiceResponse; their fields have the same numbers. `partial_success` is
 * left out on full success, as the specification asks.
 * Source: opentelemetry-proto, docs/specification.md "OTLP/HTTP Response".
 */
export function encodeExportResponse(
  encoding: Encoding,
  signal: Signal,
  rejectedItems: number,
  message: string,
): Buffer {
  const full = rejectedItems === 0 && message === ''
  if (encoding === 'json') {
    if (full) return Buffer.from('{}')
    const partialSuccess = { [rejectedField[signal]]: String(rejectedItems), errorMessage: message }
    return Buffer.from(JSON.stringify({ partialSuccess }))
  }
  if (full) return Buffer.alloc(0)
  const partial = Buffer.concat([varintField(1, rejectedItems), bytesField(2, Buffer.from(message))])
  return bytesField(1, partial)
}

/** google.rpc.Status with a code and a message for the developer. */
export function encodeStatus(encoding: Encoding, httpStatus: number, message: string): Buffer {
  const code = rpcCodes[httpStatus] ?? rpcInternal
  if (encoding === 'json') return Buffer.from(JSON.stringify({ code, message }))
  return Buffer.concat([varintField(1, code), bytesField(2, Buffer.from(message))])
}

/**
 * google.rpc.Status with a google.rpc.RetryInfo among its details, as `grpc-status-details-bin` carries it.
 * Source: googleapis, google/rpc/error_details.proto.
 */
export function encodeRetryStatus(rpcCode: number, message: string, retryAfterSeconds: number): Buffer {
  const retryInfo = bytesField(1, varintField(1, retryAfterSeconds))
  const any = Buffer.concat([
    bytesField(1, Buffer.from('type.googleapis.com/google.rpc.RetryInfo')),
    bytesField(2, retryInfo),
  ])
  return Buffer.concat([varintField(1, rpcCode), bytesField(2, Buffer.from(message)), bytesField(3, any)])
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  bytes.push(rest)
  return Buffer.from(bytes)
}

function varintField(field: number, value: number): Buffer {
  return value === 0 ? Buffer.alloc(0) : Buffer.concat([varint(field << 3), varint(value)])
}

function bytesField(field: number, bytes: Buffer): Buffer {
  return bytes.length === 0
    ? Buffer.alloc(0)
    : Buffer.concat([varint((field << 3) | 2), varint(bytes.length), bytes])
}
