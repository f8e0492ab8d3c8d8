import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { run, runOrThrow } from '../harness/children.ts'
import { readReadiness } from '../harness/metrics.ts'
import { mountsMissing, mountTmpfs } from '../harness/mounts.ts'
import { expectRecovery, expectRefusals } from '../harness/recovery.ts'
import type { Trial } from '../harness/trial.ts'
import type { Scenario } from '../scenario.ts'

const mib = 2 ** 20
const retryMs = 15_000

/** A disk that is full, for the journal and the store together or for the journal alone; a limit on file sizes. */
export const fullDisk: Scenario = {
  row: 6,
  fault: 'full disk; file size limit',
  async run({ long, trial, cleanup }) {
    const missing = mountsMissing()
    if (missing) return { status: 'not_run', reason: missing }
    const fullMs = long ? 60_000 : 2000
    const everything = await trial(async (on) => {
      await mountTmpfs(on.dataDir, 128 * mib, cleanup)
      await fillAndFree(on, on.dataDir, fullMs)
    })
    const journalAlone = await trial(
      async (on) => {
        await mountTmpfs(on.journalDir, 4 * mib, cleanup)
        await fillAndFree(on, on.journalDir, fullMs)
      },
      { env: { OPS_JOURNAL_MIN_FREE_DISK_BYTES: '0' } },
    )
    const fileSize = await trial(async (on) => {
      const { pid } = await on.start()
      on.client.start()
      await sleep(500)
      await runOrThrow(['prlimit', '--pid', String(pid), '--fsize=65536:'])
      await sleep(fullMs)
      await runOrThrow(['prlimit', '--pid', String(pid), '--fsize=unlimited:'])
      await expectRecovery(on, 'EFBIG', retryMs)
    })
    return { status: 'ran', runs: 3, audits: [everything, journalAlone, fileSize] }
  },
}

async function fillAndFree(on: Trial, directory: string, fullMs: number): Promise<void> {
  const sidecar = await on.start()
  on.client.start()
  await sleep(700)
  const ballast = join(directory, 'ballast')
  await run(['dd', 'if=/dev/zero', `of=${ballast}`, 'bs=64k', 'status=none'])
  await sleep(1500)
  await run(['dd', 'if=/dev/zero', `of=${ballast}.2`, 'bs=4k', 'status=none'])
  const refill = keepFull(`${ballast}.3`)
  await sleep(500)
  await expectRefusals(on, 'full disk', fullMs)
  await refill.stop()
  const ready = await readReadiness(sidecar.apiUrl)
  if (ready.status !== 503) on.violation('/readyz is 200 while the disk is full')
  await runOrThrow(['rm', '-f', ballast, `${ballast}.2`, `${ballast}.3`])
  await expectRecovery(on, 'full disk', retryMs)
  await sleep(500)
}

/** Takes the space that the sidecar gives back itself, by merges and released segments: it could rightly use that. */
function keepFull(path: string): { stop(): Promise<void> } {
  let stopping = false
  const filling = (async () => {
    while (!stopping) {
      await run(['dd', 'if=/dev/zero', `of=${path}`, 'bs=4k', 'oflag=append', 'conv=notrunc', 'status=none'])
      await sleep(20)
    }
  })()
  return {
    stop() {
      stopping = true
      return filling
    },
  }
}
