import { setTimeout as sleep } from 'node:timers/promises'
import type { Scenario } from '../scenario.ts'

/** SIGSTOP and SIGCONT: clients time out and send again what may be on its way already. */
export const pause: Scenario = {
  row: 5,
  fault: 'SIGSTOP, SIGCONT',
  async run({ long, trial }) {
    const pausesMs = long ? [60_000, 1000, 5000] : [4000, 1500]
    const audit = await trial(
      async (on) => {
        const sidecar = await on.start()
        on.client.start()
        for (const pauseMs of pausesMs) {
          await sleep(700)
          sidecar.kill('SIGSTOP')
          await sleep(pauseMs)
          sidecar.kill('SIGCONT')
        }
        await sleep(1000)
        if (sidecar.exit() !== undefined) on.violation('I5: ended after SIGCONT')
      },
      { client: { timeoutMs: 1000 } },
    )
    return { status: 'ran', runs: pausesMs.length, audits: [audit] }
  },
}
