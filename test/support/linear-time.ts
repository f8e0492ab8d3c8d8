import { expect } from 'vitest'

const leastRounds = 3
const mostRounds = 60
const batchMs = 0.5
/** Sixteen times as large is four doublings. */
const growth = 16
/** 2.3 for each doubling: linear code comes to 16, quadratic code to 256, code that is so by half to 30. */
const mostRatio = 2.3 ** 4

/**
 * Expects that 16 times the input takes at most 28 times as long. Both sizes are timed in turns, in batches that are
 * equally long, so that both are interrupted alike, and short where they can be; the least times are compared, as the
 * machine may be busy.
 */
export function expectLinearTime(run: (size: number) => void, size: number): void {
  for (let warmUp = 0; warmUp < 5; warmUp++) run(size * growth)
  const times = Math.ceil(Math.min(12, batchMs / elapsedMs(run, size * growth, 1)))
  let small = Number.POSITIVE_INFINITY
  let large = Number.POSITIVE_INFINITY
  for (let round = 0; round < mostRounds; round++) {
    small = Math.min(small, elapsedMs(run, size, times * growth))
    large = Math.min(large, elapsedMs(run, size * growth, times))
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
