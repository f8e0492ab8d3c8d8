import { setTimeout as sleep } from 'node:timers/promises'
import { percentile } from '../harness/answers.ts'
import { attachStrace, straceMissing } from '../harness/strace.ts'
import type { Scenario } from '../scenario.ts'

const delayMs = 300

/** Syncs that take long hold up acknowledgements, never the API. */
export const slowDisk: Scenario = {
  row: 8,
  fault: `slow disk: every sync takes ${delayMs} ms more`,
  async run({ long, trial, log }) {
    const missing = await straceMissing()
    if (missing) return { status: 'not_run', reason: missing }
    const audit = await trial(
      async (on) => {
        const sidecar = await on.start()
        on.client.start()
        await sleep(500)
        const calls = 'fdatasync,fsync'
        const detach = await attachStrace(sidecar.pid, calls, `${calls}:delay_enter=${delayMs * 1000}`)
        on.client.takeAnswers()
        const elapsed: number[] = []
        const endMs = performance.now() + (long ? 60_000 : 5000)
        while (performance.now() < endMs) {
          const startedAtMs = performance.now()
          const answer = await fetch(`${sidecar.apiUrl}/api/v1/upstream-errors?limit=50`)
          await answer.arrayBuffer()
          elapsed.push(performance.now() - startedAtMs)
          if (answer.status !== 200) on.violation(`the API answered ${answer.status} on a slow disk`)
          await sleep(30)
        }
        const acks = on.client.takeAnswers().filter(({ status }) => status === 200)
        await detach()
        const medianMs = percentile(elapsed, 0.5)
        const ackMs = percentile(
          acks.map((ack) => ack.elapsedMs),
          0.5,
        )
        log(
          `API median ${Math.round(medianMs)} ms, p99 ${Math.round(percentile(elapsed, 0.99))} ms; acks median ${Math.round(ackMs)} ms`,
        )
        // An answer that waited for a sync takes as long as the sync; the median does not mind a busy machine.
        if (medianMs > delayMs) on.violation(`the API takes ${Math.round(medianMs)} ms on a slow disk`)
        if (ackMs < delayMs)
          on.violation(`acknowledged after ${Math.round(ackMs)} ms, before the sync has ended`)
        if (acks.length === 0) on.violation('nothing is acknowledged on a slow disk')
      },
      { client: { timeoutMs: 10_000 } },
    )
    return { status: 'ran', runs: 1, audits: [audit] }
  },
}
