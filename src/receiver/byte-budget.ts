/** A bound on the bytes that all requests under way hold together. */
export interface ByteBudget {
  /** Takes the bytes, or returns false when they are not there. */
  reserve(bytes: number): boolean
  release(bytes: number): void
  readonly usedBytes: number
}

export function createByteBudget(maxBytes: number): ByteBudget {
  let usedBytes = 0
  return {
    reserve(bytes) {
      if (usedBytes + bytes > maxBytes) return false
      usedBytes += bytes
      return true
    },
    release(bytes) {
      usedBytes -= bytes
    },
    get usedBytes() {
      return usedBytes
    },
  }
}
