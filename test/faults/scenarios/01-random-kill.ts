import { setTimeout as sleep } from 'node:timers/promises'
import type { Scenario } from '../scenario.ts'

const maxReplayMs = 10_000

/** `kill -9` at random moments under load, over the lives of one data directory. */
export const randomKill: Scenario = {
  row: 1,
  fault: 'kill -9 at random under load',
  async run({ long, random, trial, log }) {
    const cycles = long ? 500 : 15
    const audit = await trial(async (on) => {
      on.client.start()
      for (let cycle = 0; cycle < cycles; cycle++) {
        const sidecar = await on.start()
        if (sidecar.startMs > maxReplayMs) on.violation(`start took ${Math.round(sidecar.startMs)} ms`)
        // Short lives too: those that end while the backlog of the one before is delivered.
        await sleep(random() ** 2 * 1500)
        await on.kill()
        if (cycle % 25 === 24) log(`${cycle + 1} of ${cycles} kills`)
      }
      await on.start()
    })
    return { status: 'ran', runs: cycles, audits: [audit] }
  },
}
