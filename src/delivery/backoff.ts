export interface Backoff {
  /** The next pause in ms: doubles from `firstMs` to `maxMs`, with full jitter over its upper half. */
  nextMs(): number
  reset(): void
}

export function createBackoff(firstMs: number, maxMs: number): Backoff {
  let failures = 0
  return {
    nextMs() {
      const ceiling = Math.min(maxMs, firstMs * 2 ** Math.min(failures++, 30))
      return ceiling / 2 + (Math.random() * ceiling) / 2
    },
    reset() {
      failures = 0
    },
  }
}
