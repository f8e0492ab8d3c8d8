import { brotliDecompressSync, constants, gunzipSync, inflateSync } from 'node:zlib'

/**
 * Undoes a content encoding of a body that may have been cut off at a limit.
 * @returns undefined for an encoding or bytes that cannot be read, and for output beyond `maxBytes`.
 */
export function decodeBody(
  bytes: Uint8Array,
  encoding: string | undefined,
  maxBytes: number,
): Uint8Array | undefined {
  if (encoding === undefined || encoding === 'identity') return bytes
  // A sync flush yields what is there of a stream that was cut off, instead of an error.
  const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: maxBytes }
  try {
    if (encoding === 'gzip' || encoding === 'x-gzip') return gunzipSync(bytes, options)
    if (encoding === 'deflate') return inflateSync(bytes, options)
    if (encoding === 'br') {
      return brotliDecompressSync(bytes, {
        finishFlush: constants.BROTLI_OPERATION_FLUSH,
        maxOutputLength: maxBytes,
      })
    }
  } catch {
    return undefined
  }
  return undefined
}
