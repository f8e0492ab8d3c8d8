import { setTimeout as sleep } from 'node:timers/promises'
import type { SidecarProcess } from '../harness/sidecar-process.ts'
import { attachStrace, killInjection, oneThread, straceMissing, underStrace } from '../harness/strace.ts'
import type { Trial } from '../harness/trial.ts'
import type { Scenario } from '../scenario.ts'

/** Where the journal, the checkpoint and the engine change the disk. */
const syscalls = ['pwrite64', 'write,writev', 'fdatasync', 'fsync', 'rename', 'unlink,unlinkat', 'openat']
const longestLifeMs = 2000

/** SIGKILL before or after the N-th call of a syscall, at start as well as under load. */
export const killAtSyscall: Scenario = {
  row: 2,
  fault: 'kill -9 at the N-th write, sync, rename or unlink',
  async run({ long, kills: ofEach, random, trial, log }) {
    const missing = await straceMissing()
    if (missing) return { status: 'not_run', reason: missing }
    let kills = 0
    const audit = await trial(async (on) => {
      on.client.start()
      for (const [index, calls] of syscalls.entries()) {
        for (const when of sweep(ofEach ?? (long ? 80 : 1), random)) {
          const before = random() < 0.5
          const atStart = long || ofEach !== undefined ? random() < 0.5 : index % 3 === 2
          const injection = killInjection(calls, when, before)
          const reached = await (atStart
            ? killStart(on, calls, injection)
            : killRunning(on, calls, injection))
          const moment = `${atStart ? 'start' : 'load'}, ${before ? 'before' : 'after'}`
          log(`${moment} ${calls} ${when}: ${reached ? 'killed' : 'not reached'}`)
          if (reached) kills++
          await on.kill()
        }
      }
    })
    const violations = kills === 0 ? ['no kill was reached'] : []
    return { status: 'ran', runs: kills, audits: [audit], violations }
  },
}

async function killStart(on: Trial, calls: string, injection: string): Promise<boolean> {
  const start = await on.tryStart({ prefix: underStrace(calls, injection), env: oneThread })
  return start.status === 'ended' || endsWithin(start.sidecar)
}

async function killRunning(on: Trial, calls: string, injection: string): Promise<boolean> {
  const sidecar = await on.start({ env: oneThread })
  await attachStrace(sidecar.pid, calls, injection)
  return endsWithin(sidecar)
}

async function endsWithin(sidecar: SidecarProcess): Promise<boolean> {
  await Promise.race([sidecar.exited, sleep(longestLifeMs)])
  return sidecar.exit() !== undefined
}

/** Three quarters are each of the first calls, the others are wider apart; one alone is any of the first. */
function sweep(count: number, random: () => number): number[] {
  if (count === 1) return [1 + Math.floor(random() * 8)]
  const first = Math.ceil(count * 0.75)
  const dense = Array.from({ length: first }, (_item, index) => index + 1)
  const sparse = Array.from({ length: count - first }, () => first + Math.floor(random() * first * 3))
  return [...dense, ...sparse]
}
