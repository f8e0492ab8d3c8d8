/**
 * CityHash128 in the version that ClickHouse's compressed blocks are checked with (1.0.2, by Google); later versions
 * give other values. Sums are taken modulo 2^64 where they are next multiplied, rotated or returned.
 */
const k0 = 0xc3a5c85c97cb3127n
const k1 = 0xb492b66fbe98f273n
const k2 = 0x9ae16a3b2f90404fn
const k3 = 0xc949d7c7509e6557n
const kMul = 0x9ddfea08eb382d69n

type Pair = readonly [low: bigint, high: bigint]

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value)
const mul = (a: bigint, b: bigint): bigint => u64(a * b)
const rotate = (value: bigint, shift: bigint): bigint => {
  const bits = u64(value)
  return (bits >> shift) | u64(bits << (64n - shift))
}
const mix = (value: bigint): bigint => value ^ (value >> 47n)

function hashPair(u: bigint, v: bigint): bigint {
  const [low, high] = [u64(u), u64(v)]
  const a = mix(mul(low ^ high, kMul))
  return mul(mix(mul(high ^ a, kMul)), kMul)
}

/** @returns 16 bytes, as they stand in front of a compressed block. */
export function cityHash128(bytes: Buffer): Buffer {
  const [low, high] = hash(bytes)
  const digest = Buffer.alloc(16)
  digest.writeBigUInt64LE(low, 0)
  digest.writeBigUInt64LE(high, 8)
  return digest
}

function hash(bytes: Buffer): Pair {
  const { length } = bytes
  const at = (offset: number) => bytes.readBigUInt64LE(offset)
  if (length >= 16) return hashSeeded(bytes.subarray(16), at(0) ^ k3, at(8))
  if (length >= 8)
    return hashSeeded(bytes.subarray(length), at(0) ^ mul(BigInt(length), k0), at(length - 8) ^ k1)
  return hashSeeded(bytes, k0, k1)
}

function hashSeeded(bytes: Buffer, low: bigint, high: bigint): Pair {
  return bytes.length < 128 ? hashShort(bytes, low, high) : hashLong(bytes, low, high)
}

function hashShort(bytes: Buffer, low: bigint, high: bigint): Pair {
  const { length } = bytes
  const at = (offset: number) => bytes.readBigUInt64LE(offset)
  let [a, b] = [low, high]
  let c: bigint
  let d: bigint
  if (length <= 16) {
    a = mul(mix(mul(a, k1)), k1)
    c = u64(mul(b, k1) + hashUpTo16(bytes))
    d = mix(u64(a + (length >= 8 ? at(0) : c)))
  } else {
    c = hashPair(at(length - 8) + k1, a)
    d = hashPair(b + BigInt(length), c + at(length - 16))
    a = u64(a + d)
    for (let offset = 0; offset === 0 || offset < length - 16; offset += 16) {
      a = mul(a ^ mul(mix(mul(at(offset), k1)), k1), k1)
      b ^= a
      c = mul(c ^ mul(mix(mul(at(offset + 8), k1)), k1), k1)
      d ^= c
    }
  }
  a = hashPair(a, c)
  b = hashPair(d, b)
  return [a ^ b, hashPair(b, a)]
}

function hashUpTo16(bytes: Buffer): bigint {
  const { length } = bytes
  const size = BigInt(length)
  if (length > 8) {
    const last = bytes.readBigUInt64LE(length - 8)
    return hashPair(bytes.readBigUInt64LE(0), rotate(last + size, size)) ^ last
  }
  if (length >= 4)
    return hashPair(size + (BigInt(bytes.readUInt32LE(0)) << 3n), BigInt(bytes.readUInt32LE(length - 4)))
  if (length === 0) return k2
  const byte = (index: number) => BigInt(bytes[index] ?? 0)
  const y = byte(0) + (byte(length >> 1) << 8n)
  const z = size + (byte(length - 1) << 2n)
  return mul(mix(mul(y, k2) ^ mul(z, k3)), k2)
}

function hashLong(bytes: Buffer, low: bigint, high: bigint): Pair {
  const { length } = bytes
  const at = (offset: number) => bytes.readBigUInt64LE(offset)
  const weak = (offset: number, first: bigint, second: bigint): Pair => {
    const a = u64(first + at(offset))
    const end = at(offset + 24)
    const b = rotate(second + a + end, 21n)
    const sum = u64(a + at(offset + 8) + at(offset + 16))
    return [u64(sum + end), u64(b + rotate(sum, 44n) + a)]
  }
  let [x, y, z] = [low, high, mul(BigInt(length), k1)]
  const vLow = u64(mul(rotate(y ^ k1, 49n), k1) + at(0))
  let v: Pair = [vLow, u64(mul(rotate(vLow, 42n), k1) + at(8))]
  let w: Pair = [u64(mul(rotate(y + z, 35n), k1) + x), mul(rotate(x + at(88), 53n), k1)]
  let offset = 0
  for (; length - offset >= 128; offset += 128) {
    for (const part of [offset, offset + 64]) {
      x = mul(rotate(x + y + v[0] + at(part + 16), 37n), k1) ^ w[1]
      y = mul(rotate(y + v[1] + at(part + 48), 42n), k1) ^ v[0]
      z = rotate(z ^ w[0], 33n)
      v = weak(part, mul(v[1], k1), x + w[0])
      w = weak(part + 32, z + w[1], y)
      ;[x, z] = [z, x]
    }
  }
  y = u64(y + mul(rotate(w[0], 37n), k0) + z)
  x = u64(x + mul(rotate(v[0] + z, 49n), k0))
  // The rest, in pieces of 32 bytes from the end.
  const rest = length - offset
  for (let done = 0; done < rest; ) {
    done += 32
    y = u64(mul(rotate(y - x, 42n), k0) + v[1])
    w = [u64(w[0] + at(length - done + 16)), w[1]]
    x = u64(mul(rotate(x, 49n), k0) + w[0])
    w = [u64(w[0] + v[0]), w[1]]
    v = weak(length - done, v[0], v[1])
  }
  x = hashPair(x, v[0])
  y = hashPair(y, w[0])
  return [u64(hashPair(x + v[1], w[1]) + y), hashPair(x + w[1], y + v[1])]
}
