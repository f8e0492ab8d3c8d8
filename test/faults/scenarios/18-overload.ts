import { setTimeout as sleep } from 'node:timers/promises'
import { percentile, statusCounts } from '../harness/answers.ts'
import { readMetrics } from '../harness/metrics.ts'
import type { Scenario } from '../scenario.ts'

const mib = 2 ** 20
/** Resident memory may still grow while caches fill, but not with the load. */
const maxGrowthBytes = 128 * mib

/** Many times what the store takes: bounded memory and journal, refusals that clients repeat, nothing lost. */
export const overload: Scenario = {
  row: 18,
  fault: 'more load than the store takes',
  async run({ long, minutes = long ? 30 : 0.25, trial, log }) {
    const audit = await trial(
      async (on) => {
        const sidecar = await on.start()
        on.client.start()
        const halfMs = minutes * 30_000
        await runFor(halfMs)
        const middleBytes = sidecar.peakRssBytes()
        await runFor(halfMs)
        const growth = sidecar.peakRssBytes() - middleBytes
        const answers = on.client.takeAnswers()
        const p99Ms = percentile(
          answers.map((answer) => answer.elapsedMs),
          0.99,
        )
        log(
          `${statusCounts(answers)}; p99 ${Math.round(p99Ms)} ms; peak ${Math.round(sidecar.peakRssBytes() / mib)} MiB`,
        )
        const metrics = await readMetrics(sidecar.apiUrl)
        const inMib = (name: string) => Math.round((metrics.get(name) ?? 0) / mib)
        log(
          `memory in MiB: ${inMib('ops_process_resident_memory_bytes')} resident, ${inMib('ops_nodejs_heap_size_used_bytes')} of ${inMib('ops_nodejs_heap_size_total_bytes')} heap, ${inMib('ops_nodejs_external_memory_bytes')} external; grew by ${Math.round(growth / mib)} in the second half`,
        )
        if (growth > maxGrowthBytes)
          on.violation(`I4: memory grew by ${Math.round(growth / mib)} MiB in the second half`)
      },
      {
        env: {
          OPS_JOURNAL_MAX_BYTES: '8MiB',
          OPS_OTLP_MAX_IN_FLIGHT_BYTES: '4MiB',
          OPS_BATCH_MAX_ROWS: '1000',
        },
        shape: { minEvents: 10, maxEvents: 40, maxBodyBytes: 6000 },
        client: { concurrency: 40, pauseMs: 0, maxAttempts: 3, timeoutMs: 10_000, abandonedShare: 0.5 },
      },
    )
    return { status: 'ran', runs: 1, audits: [audit] }
  },
}

/** A time for which the whole run was stopped (SIGSTOP, a suspended machine) is no overload: it counts as one step. */
async function runFor(ms: number): Promise<void> {
  const stepMs = 500
  for (let step = 0; step < ms / stepMs; step++) await sleep(stepMs)
}
