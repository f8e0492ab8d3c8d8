import { existsSync, globSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Scenario } from '../scenario.ts'

/** Within what the clock of a sender may differ; an event of the future would be refused. */
const jumps = ['-10m', '+3d']

/** The wall clock of a running sidecar is set, and a sidecar starts under another one; its monotonic clock goes on. */
export const clockJump: Scenario = {
  row: 17,
  fault: 'wall clock jumps',
  async run({ directory, trial }) {
    const library = globSync('/usr/lib/*/faketime/libfaketime.so.1')[0]
    if (library === undefined || !existsSync(library))
      return { status: 'not_run', reason: 'libfaketime is missing' }
    const clock = join(directory(), 'clock')
    const set = (offset: string) => writeFileSync(clock, `${offset}\n`)
    set('+0')
    const audit = await trial(
      async (on) => {
        const env = {
          LD_PRELOAD: library,
          FAKETIME_TIMESTAMP_FILE: clock,
          FAKETIME_NO_CACHE: '1',
          FAKETIME_DONT_FAKE_MONOTONIC: '1',
          FAKETIME_DONT_RESET: '1',
        }
        on.client.start()
        for (const offset of jumps) {
          await on.start({ env })
          await sleep(500)
          set(offset)
          await sleep(1500)
          await on.kill()
        }
      },
      { env: { OPS_RETENTION: '30d' } },
    )
    return { status: 'ran', runs: jumps.length, audits: [audit] }
  },
}
