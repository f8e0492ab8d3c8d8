import type { Transform } from 'node:stream'
import {
  createGunzip,
  createInflate,
  createZstdDecompress,
  gunzipSync,
  inflateSync,
  zstdDecompressSync,
} from 'node:zlib'

/** How bodies of one Content-Encoding are inflated. */
export interface Inflater {
  /** @throws Error for what is malformed, and for more than `maxBytes`. */
  readonly atOnce: (sent: Buffer, maxBytes: number) => Buffer
  readonly stream: () => Transform
  /** What a body probably inflates to, at most so much. */
  readonly expectedBytes: (sent: Buffer) => number
}

/** Large enough that a large export inflates in a few steps on the thread pool. */
const streamOptions = { chunkSize: 256 * 1024 }
/** Exports shrink to a tenth or so. */
const usualRatio = 32
/** gzip tells its size, but may lie. */
const maxRatio = 64
const minExpectedBytes = 64 * 1024

const gzip: Inflater = {
  // One more than expected, or zlib asks for another chunk to find out that nothing follows.
  atOnce: (sent, maxBytes) => gunzipSync(sent, { chunkSize: maxBytes + 1, maxOutputLength: maxBytes }),
  stream: () => createGunzip(streamOptions),
  expectedBytes(sent) {
    // ISIZE, the last four bytes (RFC 1952).
    const told = sent.length < 18 ? 0 : sent.readUInt32LE(sent.length - 4)
    return Math.max(Math.min(told, sent.length * maxRatio), minExpectedBytes)
  },
}
const expectedByRatio = (sent: Buffer): number => Math.max(sent.length * usualRatio, minExpectedBytes)

const inflaters: Readonly<Record<string, Inflater | undefined>> = {
  gzip,
  'x-gzip': gzip,
  deflate: {
    atOnce: (sent, maxBytes) => inflateSync(sent, { chunkSize: maxBytes + 1, maxOutputLength: maxBytes }),
    stream: () => createInflate(streamOptions),
    expectedBytes: expectedByRatio,
  },
  zstd: {
    atOnce: (sent, maxBytes) =>
      zstdDecompressSync(sent, { chunkSize: maxBytes + 1, maxOutputLength: maxBytes }),
    stream: () => createZstdDecompress(streamOptions),
    expectedBytes: expectedByRatio,
  },
}

/** Undefined for an encoding that is not known. */
export function inflaterOf(contentEncoding: string): Inflater | undefined {
  return Object.hasOwn(inflaters, contentEncoding) ? inflaters[contentEncoding] : undefined
}
