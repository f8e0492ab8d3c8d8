import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import type { Encoding } from '../../src/event/selected-event.ts'
import { baseSeconds, createGatewaySpans, marker } from './gateway-spans.ts'

export const spansPerRequest = 512
/** Different requests, so that no cache sees one text only. */
const variants = 4

/** The bytes of one export request, and where to write to make another one of it. */
export interface Payload {
  readonly bytes: Buffer
  readonly encoding: Encoding
  readonly errorCount: number
  /** Positions of the marker's 8 bytes (ids in protobuf) and of its 16 hex digits (ids in JSON, and all texts). */
  readonly markerBytesAt: Uint32Array
  readonly markerTextAt: Uint32Array
  /** Positions of times, and their nanoseconds within the base second (used in protobuf). */
  readonly timesAt: Uint32Array
  readonly timesNanos: Uint32Array
}

/** Export requests of the OpenTelemetry SDK, from its own serializers. */
export async function createPayloads(encoding: Encoding, errorCount: number): Promise<Payload[]> {
  const payloads: Payload[] = []
  for (let seed = 1; seed <= variants; seed++) {
    const spans = await createGatewaySpans(spansPerRequest, errorCount, seed)
    payloads.push(describePayload(serialize(encoding, spans), encoding, errorCount, spans))
  }
  return payloads
}

function serialize(encoding: Encoding, spans: ReadableSpan[]): Buffer {
  const serializer = encoding === 'protobuf' ? ProtobufTraceSerializer : JsonTraceSerializer
  const bytes = serializer.serializeRequest(spans)
  if (bytes === undefined) throw new Error('the serializer returned nothing')
  return Buffer.from(bytes)
}

function describePayload(
  bytes: Buffer,
  encoding: Encoding,
  errorCount: number,
  spans: readonly ReadableSpan[],
): Payload {
  const timesAt =
    encoding === 'protobuf' ? findNanos(bytes) : positions(bytes, Buffer.from(`"${baseSeconds}`))
  const expected = spans.reduce((sum, span) => sum + 2 + span.events.length, 0)
  if (timesAt.length !== expected) throw new Error(`${timesAt.length} times found, not ${expected}`)
  return {
    bytes,
    encoding,
    errorCount,
    markerBytesAt: positions(bytes, Buffer.from(marker, 'hex')),
    markerTextAt: positions(bytes, Buffer.from(marker)),
    timesAt: encoding === 'protobuf' ? timesAt : timesAt.map((at) => at + 1),
    timesNanos: encoding === 'protobuf' ? timesAt.map((at) => nanosAt(bytes, at)) : new Uint32Array(),
  }
}

const baseNanos = BigInt(baseSeconds) * 1_000_000_000n

/** Fixed 64-bit times of the base second. No other eight bytes of a payload look like one. */
function findNanos(bytes: Buffer): Uint32Array {
  const found: number[] = []
  for (let at = 0; at + 8 <= bytes.length; at++) {
    if (bytes[at + 7] !== 0x17) continue
    const offset = bytes.readBigUInt64LE(at) - baseNanos
    if (offset >= 0n && offset < 1_000_000_000n) found.push(at)
  }
  return Uint32Array.from(found)
}

function nanosAt(bytes: Buffer, at: number): number {
  return Number(bytes.readBigUInt64LE(at) - baseNanos)
}

function positions(bytes: Buffer, wanted: Buffer): Uint32Array {
  const found: number[] = []
  for (let at = bytes.indexOf(wanted); at !== -1; at = bytes.indexOf(wanted, at + wanted.length))
    found.push(at)
  return Uint32Array.from(found)
}

/**
 * Makes a copy of the payload another request: ids that no other has, and times of the last second, as deduplication
 * would drop what comes again and the receiver rejects what is old.
 * @param copy bytes of the payload, stamped before or not.
 * @param id 8 bytes, as hex.
 */
export function stamp(payload: Payload, copy: Buffer, id: string, nowMs: number): void {
  writeAll(copy, payload.markerTextAt, Buffer.from(id))
  writeAll(copy, payload.markerBytesAt, Buffer.from(id, 'hex'))
  const seconds = Math.floor(nowMs / 1000) - 1
  if (payload.encoding === 'json') writeAll(copy, payload.timesAt, Buffer.from(String(seconds)))
  else writeNanos(payload, copy, seconds)
}

// Byte by byte: for so few bytes that is several times as fast as Buffer's methods, and the sender must keep up.

function writeAll(copy: Buffer, positions: Uint32Array, bytes: Buffer): void {
  const length = bytes.length
  for (let index = 0; index < positions.length; index++) {
    const at = positions[index] as number
    for (let i = 0; i < length; i++) copy[at + i] = bytes[i] as number
  }
}

function writeNanos({ timesAt, timesNanos }: Payload, copy: Buffer, seconds: number): void {
  const nanos = BigInt(seconds) * 1_000_000_000n
  const low = Number(nanos & 0xffff_ffffn)
  const high = Number(nanos >> 32n)
  for (let index = 0; index < timesAt.length; index++) {
    const at = timesAt[index] as number
    const sum = low + (timesNanos[index] as number)
    writeUint32(copy, at, sum | 0)
    writeUint32(copy, at + 4, sum > 0xffff_ffff ? high + 1 : high)
  }
}

function writeUint32(copy: Buffer, at: number, value: number): void {
  copy[at] = value
  copy[at + 1] = value >>> 8
  copy[at + 2] = value >>> 16
  copy[at + 3] = value >>> 24
}
