import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { attachStrace, killInjection, straceMissing } from '../harness/strace.ts'
import type { Scenario } from '../scenario.ts'

const renames = 'rename,renameat,renameat2'
const longestLifeMs = 2000

/**
 * The engine notes a batch's deduplication token before it renames the part into place. Killed in between, it answers
 * a repetition under the same token with success and stores nothing.
 */
export const engineKillWindow: Scenario = {
  row: 3,
  fault: "kill -9 in the engine's insert, before its part has its name",
  store: 'embedded',
  async run({ long, trial, directory, log }) {
    const missing = await straceMissing()
    if (missing) return { status: 'not_run', reason: missing }
    const output = join(directory(), 'strace.txt')
    let kills = 0
    const audit = await trial(async (on) => {
      await on.start()
      on.client.start()
      await sleep(500)
      await on.kill()
      for (let cycle = 0; cycle < (long ? 100 : 4); cycle++) {
        rmSync(output, { force: true })
        const when = 1 + (cycle % 6)
        const sidecar = await on.start()
        const traced = await attachStrace(sidecar.pid, renames, killInjection(renames, when, true), output)
        await Promise.race([sidecar.exited, sleep(longestLifeMs)])
        const reached = sidecar.exit() !== undefined
        await on.kill()
        await traced()
        const last = lastRename(output)
        if (reached && last.includes('tmp_insert_')) kills++
        log(`rename ${when}: ${reached ? last : 'not reached'}`)
      }
    })
    const violations = kills === 0 ? ['no kill hit the rename of a part'] : []
    return { status: 'ran', runs: kills, audits: [audit], violations }
  },
}

/** The names of the last rename that was traced: the one that the process did not survive. */
function lastRename(output: string): string {
  const last = readFileSync(output, 'utf8')
    .split('\n')
    .findLast((line) => line.includes('rename("'))
  return (last?.match(/"[^"]*"/g) ?? []).map((path) => path.split('/').slice(-3).join('/')).join(' to ')
}
