import { setTimeout as sleep } from 'node:timers/promises'
import { countStatus, statusCounts } from '../harness/answers.ts'
import { answersDuring, expectRecovery } from '../harness/recovery.ts'
import { attachStrace, straceMissing } from '../harness/strace.ts'
import type { Scenario } from '../scenario.ts'

const retryMs = 15_000

/** EIO from the disk. A failed sync is never repeated on the same file: the next one would succeed and mean nothing. */
export const diskErrors: Scenario = {
  row: 7,
  fault: 'EIO on fdatasync and on writes',
  async run({ long, trial, log }) {
    const missing = await straceMissing()
    if (missing) return { status: 'not_run', reason: missing }
    const injections = ['fdatasync', 'pwrite64', 'openat']
    if (long) injections.push('fsync', 'rename,renameat,renameat2', 'unlink,unlinkat', 'ftruncate')
    const audit = await trial(async (on) => {
      const sidecar = await on.start()
      on.client.start()
      for (const calls of injections) {
        await sleep(400)
        // Every other call of openat only, so that requests are served at all.
        const injection = `${calls}:error=EIO${calls === 'openat' ? ':when=1+2' : ''}`
        const detach = await attachStrace(sidecar.pid, calls, injection)
        const answers = await answersDuring(on, long ? 10_000 : 1500)
        await detach()
        log(`${calls}: ${statusCounts(answers)}`)
        if (calls === 'fdatasync' && countStatus(answers, 200) > 0)
          on.violation(`acknowledged without a sync: ${statusCounts(answers)}`)
        await expectRecovery(on, `EIO on ${calls}`, retryMs)
      }
      if (!sidecar.stderr().includes('segment_poisoned')) on.violation('no segment was poisoned')
    })
    return { status: 'ran', runs: injections.length, audits: [audit] }
  },
}
