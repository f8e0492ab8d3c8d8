export interface Times {
  readonly p50: number
  readonly p99: number
}

/** A question that takes longer than this is asked only once. */
const slowMs = 3000

/** Asks `runs` times after one that does not count, each time with other values. */
export async function measure(runs: number, ask: (run: number) => Promise<number>): Promise<Times> {
  const first = await ask(0)
  if (first > slowMs) return { p50: first, p99: first }
  const times: number[] = []
  for (let run = 1; run <= runs; run++) times.push(await ask(run))
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) }
}

function quantile(times: readonly number[], part: number): number {
  const sorted = times.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}
