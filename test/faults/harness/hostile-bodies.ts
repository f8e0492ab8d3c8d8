import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'

export interface HostileBody {
  readonly name: string
  readonly path?: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

const mib = 2 ** 20
const json = { 'content-type': 'application/json' }
const protobuf = { 'content-type': 'application/x-protobuf' }
const gzip = { 'content-encoding': 'gzip' }
const zeros = Buffer.alloc(50 * mib)
const bomb = gzipSync(zeros, { level: 9 })
const nested = 100_000
const longestVarint = Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f])

/** A protobuf field that holds a message. */
const field = (number: number, content: Uint8Array): Buffer =>
  Buffer.concat([varint(number * 8 + 2), varint(content.length), content])

/** Requests that no client of good will sends. Each must be answered with a 4xx at once. */
export const hostileBodies: readonly HostileBody[] = [
  { name: 'gzip bomb', headers: { ...json, ...gzip }, body: bomb },
  {
    name: 'gzip bomb of many members',
    headers: { ...protobuf, ...gzip },
    body: Buffer.concat(Array(40).fill(gzipSync(Buffer.alloc(mib)))),
  },
  { name: 'zstd bomb', headers: { ...json, 'content-encoding': 'zstd' }, body: zstdCompressSync(zeros) },
  { name: 'truncated gzip', headers: { ...json, ...gzip }, body: bomb.subarray(0, 5000) },
  { name: 'no gzip', headers: { ...json, ...gzip }, body: Buffer.from('{"resourceSpans":[]}') },
  {
    name: 'unknown encoding',
    headers: { ...json, 'content-encoding': 'br' },
    body: brotliCompressSync('{}'),
  },
  { name: 'unknown type', headers: { 'content-type': 'text/plain' }, body: Buffer.from('{}') },
  {
    name: 'nested arrays',
    headers: json,
    body: Buffer.from(`{"resourceSpans":${'['.repeat(nested)}${']'.repeat(nested)}}`),
  },
  { name: 'nested values', headers: json, body: Buffer.from(nestedAttribute()) },
  {
    name: 'truncated JSON',
    headers: json,
    body: Buffer.from('{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"'),
  },
  { name: 'no JSON', headers: json, body: Buffer.alloc(mib, 0xff) },
  { name: 'huge varints', headers: protobuf, body: Buffer.concat(Array(10_000).fill(longestVarint)) },
  {
    name: 'length beyond the end',
    headers: protobuf,
    body: Buffer.concat([Buffer.from([0x0a]), longestVarint, Buffer.alloc(100)]),
  },
  { name: 'nested groups', headers: protobuf, body: Buffer.alloc(nested, 0x0b) },
  { name: 'nested messages', headers: protobuf, body: nestedMessages() },
  { name: 'over the limit as sent', headers: json, body: Buffer.alloc(9 * mib, 0x20) },
]

/** A span event with an attribute whose value is an array in an array, and so on. */
function nestedAttribute(): string {
  const value = `${'{"arrayValue":{"values":['.repeat(nested)}{"intValue":"1"}${']}}'.repeat(nested)}`
  const event = `{"name":"ops.upstream_error","timeUnixNano":"${Date.now()}000000","attributes":[{"key":"a","value":${value}}]}`
  return `{"resourceSpans":[{"scopeSpans":[{"spans":[{"events":[${event}]}]}]}]}`
}

/** The same in protobuf; lengths are right, so it takes a walk down to the bottom to judge it. */
function nestedMessages(): Buffer {
  const headers: Buffer[] = []
  let length = 0
  for (let depth = 0; depth < 20_000; depth++) {
    // AnyValue.array_value = 5, ArrayValue.values = 1
    const head = Buffer.concat([varint((depth % 2 === 0 ? 1 : 5) * 8 + 2), varint(length)])
    headers.push(head)
    length += head.length
  }
  const value = Buffer.concat(headers.reverse())
  const attribute = Buffer.concat([field(1, Buffer.from('a')), field(2, value)])
  const time = Buffer.alloc(9)
  time[0] = 0x09
  time.writeBigUInt64LE(BigInt(Date.now()) * 1_000_000n, 1)
  const event = Buffer.concat([time, field(2, Buffer.from('ops.upstream_error')), field(3, attribute)])
  return field(1, field(2, field(2, field(11, event))))
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
  return Buffer.from([...bytes, rest])
}
