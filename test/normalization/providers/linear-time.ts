import { expect } from 'vitest'

const leastRounds = 3
const mostRounds = 60
const batchMs = 0.5
/** 2.5 for each of four doublings: linear code comes to 16, quadratic code to 256. */
const mostRatio = 2.5 ** 4

/**
 * Expects that 16 times the input takes at most 39 times as long. Both sizes are timed in turns, in batches too short
 * to be interrupted often, and the least times compared, as the machine may be busy.
 */
export function expectLinearTime(run: (size: number) => void, size: number): void {
  for (let warmUp = 0; warmUp < 5; warmUp++) run(size * 16)
  const times = Math.min(200, Math.ceil(batchMs / Math.max(elapsedMs(run, size, 1), 0.001)))
  let small = Number.POSITIVE_INFINITY
  let large = Number.POSITIVE_INFINITY
  for (let round = 0; round < mostRounds; round++) {
    small = Math.min(small, elapsedMs(run, size, times))
    large = Math.min(large, elapsedMs(run, size * 16, Math.ceil(times / 16)))
    if (round >= leastRounds && large / small <= mostRatio) break
  }
  expect(large / small).toBeLessThanOrEqual(mostRatio)
}

/** Per run. */
function elapsedMs(run: (size: number) => void, size: number, times: number): number {
  const start = performance.now()
  for (let i = 0; i < times; i++) run(size)
  return (performance.now() - start) / times
}
