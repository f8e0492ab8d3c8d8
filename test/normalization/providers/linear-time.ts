import { expect } from 'vitest'

const leastRounds = 3
const mostRounds = 30
/** 2.5 for each of two doublings: linear code comes to 4, quadratic code to 16. */
const mostRatio = 2.5 ** 2

/**
 * Expects that four times the input takes at most 6.25 times as long. Both sizes are timed in turns, in the thread's
 * own CPU time, and the least times compared: a busy machine only makes the test longer.
 */
export function expectLinearTime(run: (size: number) => void, size: number): void {
  const times = repeats(run, size)
  let small = Number.POSITIVE_INFINITY
  let large = Number.POSITIVE_INFINITY
  for (let round = 0; round < mostRounds; round++) {
    small = Math.min(small, cpuMs(run, size, times))
    large = Math.min(large, cpuMs(run, size * 4, times))
    if (round >= leastRounds && large / small <= mostRatio) break
  }
  expect(large / small).toBeLessThanOrEqual(mostRatio)
}

/** Warms the code up; enough for half a millisecond or more then. */
function repeats(run: (size: number) => void, size: number): number {
  for (let warmUp = 0; warmUp < 10; warmUp++) run(size * 4)
  return Math.min(500, Math.max(1, Math.ceil(0.5 / Math.max(cpuMs(run, size, 5) / 5, 0.001))))
}

function cpuMs(run: (size: number) => void, size: number, times: number): number {
  const before = process.threadCpuUsage()
  for (let i = 0; i < times; i++) run(size)
  const { user, system } = process.threadCpuUsage(before)
  return Math.max(0.001, (user + system) / 1000)
}
