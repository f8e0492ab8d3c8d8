/** What weighs less is not worth the call. */
const minFreedBytes = 8 * 1024

/**
 * Gives the memory of a buffer back at once, unless it is small. It lies outside of V8's heap, where a buffer weighs nothing, so that
 * V8 would find out late, by marking the whole heap every few dozen requests: that, and the fresh pages for each request
 * meanwhile, cost more than inflating a body does. The caller holds the only views of the memory; they are empty afterwards.
 */
export function freeBytes(bytes: Uint8Array): void {
  const { buffer } = bytes
  if (!(buffer instanceof ArrayBuffer) || buffer.byteLength < minFreedBytes) return
  // Of that size is the pool that Node cuts small buffers from, which others may have parts of; but also what one read
  // of a socket brings, all of it one buffer.
  if (buffer.byteLength !== Buffer.poolSize || bytes.byteLength === buffer.byteLength) buffer.transfer(0)
}
