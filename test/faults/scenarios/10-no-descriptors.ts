import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { hasProgram, runOrThrow } from '../harness/children.ts'
import { expectRecovery } from '../harness/recovery.ts'
import type { Scenario } from '../scenario.ts'

/** No more file descriptors: neither new connections nor new files, for a while. */
export const noDescriptors: Scenario = {
  row: 10,
  fault: 'EMFILE: no file descriptors left',
  async run({ long, trial }) {
    if (!(await hasProgram('prlimit'))) return { status: 'not_run', reason: 'prlimit is missing' }
    const spare = [0, 2, 8]
    const audit = await trial(async (on) => {
      const { pid } = await on.start()
      on.client.start()
      for (const left of spare) {
        await sleep(500)
        const used = readdirSync(`/proc/${pid}/fd`).length
        await runOrThrow(['prlimit', '--pid', String(pid), `--nofile=${used + left}:`])
        await sleep(long ? 20_000 : 1500)
        await runOrThrow(['prlimit', '--pid', String(pid), '--nofile=4096:'])
        await expectRecovery(on, 'EMFILE', 15_000)
      }
    })
    return { status: 'ran', runs: spare.length, audits: [audit] }
  },
}
