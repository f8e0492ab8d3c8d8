import { setTimeout as sleep } from 'node:timers/promises'
import type { Audit } from '../harness/audit.ts'
import type { Trial } from '../harness/trial.ts'
import type { Scenario } from '../scenario.ts'

const maxReplayMs = 10_000

/** A directory of its own for so many kills: the time of a comparison and of the engine's start grow with the rows. */
const killsPerDirectory = 50

/** `kill -9` at random moments under load, over the lives of one data directory. */
export const randomKill: Scenario = {
  row: 1,
  fault: 'kill -9 at random under load',
  async run({ long, kills = long ? 500 : 15, random, trial, log }) {
    const audits: Audit[] = []
    for (let done = 0; done < kills; done += killsPerDirectory) {
      const cycles = Math.min(killsPerDirectory, kills - done)
      audits.push(await trial((on) => killAgainAndAgain(on, cycles, random)))
      if (kills > killsPerDirectory) log(`${done + cycles} of ${kills} kills`)
    }
    return { status: 'ran', runs: kills, audits }
  },
}

async function killAgainAndAgain(on: Trial, cycles: number, random: () => number): Promise<void> {
  on.client.start()
  for (let cycle = 0; cycle < cycles; cycle++) {
    const sidecar = await on.start()
    if (sidecar.startMs > maxReplayMs) on.violation(`start took ${Math.round(sidecar.startMs)} ms`)
    // Short lives too: those that end while the backlog of the one before is delivered.
    await sleep(random() ** 2 * 1500)
    await on.kill()
  }
  await on.start()
}
