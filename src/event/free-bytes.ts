/**
 * Gives the memory of a large buffer back at once. It lies outside of V8's heap, where a buffer weighs nothing, so that
 * V8 would find out late, by marking the whole heap every few dozen requests: that, and the fresh pages for each request
 * meanwhile, cost more than inflating a body does. The caller holds the only views of the memory; they are empty afterwards.
 */
export function freeBytes(bytes: Uint8Array): void {
  const { buffer } = bytes
  // Smaller ones may be cut from the pool that Node shares between buffers.
  if (buffer instanceof ArrayBuffer && buffer.byteLength > Buffer.poolSize) buffer.transfer(0)
}
