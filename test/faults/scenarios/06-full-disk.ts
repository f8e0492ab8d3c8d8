import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { countStatus, statusCounts } from '../harness/answers.ts'
import { run, runOrThrow } from '../harness/children.ts'
import { closedPortUrl } from '../harness/closed-port.ts'
import { readReadiness } from '../harness/metrics.ts'
import { mountsMissing, mountTmpfs } from '../harness/mounts.ts'
import { answersDuring, expectRecovery } from '../harness/recovery.ts'
import type { SidecarProcess } from '../harness/sidecar-process.ts'
import type { Trial } from '../harness/trial.ts'
import type { FaultContext, Scenario } from '../scenario.ts'

const mib = 2 ** 20
const retryMs = 15_000
const fillMs = 15_000
/** Each meets inserts and merges at another place. */
const fillings = 4
/** Many small inserts, so that the engine is merging when the disk is full. */
const dense = { client: { pauseMs: 10 } }

/**
 * A full disk under a journal that nothing is released from, and a full disk under all: 503, but for a small export that
 * fits what is left, what the journal has set aside, or what merges and released segments give back. What is acknowledged
 * is stored like all else. A kill on the full disk. A limit on file sizes.
 */
export const fullDisk: Scenario = {
  row: 6,
  fault: 'full disk; file size limit',
  store: 'embedded',
  async run(context) {
    const missing = mountsMissing()
    if (missing) return { status: 'not_run', reason: missing }
    const fullMs = context.long ? 60_000 : 2000
    const audits = [
      await fullWithoutStore(context, fullMs),
      await fullWithStore(context, fullMs),
      await killedWhenFull(context),
      await fileSizeLimit(context, fullMs),
    ]
    return { status: 'ran', runs: audits.length, audits }
  },
}

function fullWithoutStore({ trial, cleanup }: FaultContext, fullMs: number) {
  return trial(async (on) => {
    await mountTmpfs(on.dataDir, 64 * mib, cleanup)
    const sidecar = await on.start({ env: { OPS_CLICKHOUSE_URL: await closedPortUrl() } })
    on.client.start()
    await sleep(700)
    const free = await fill(on.dataDir)
    await untilRefused(on)
    await expectAnswers(on, fullMs)
    const { status, checks } = await readReadiness(sidecar.apiUrl)
    if (status !== 503 || !checks.journal?.reason?.includes('disk'))
      on.violation(`/readyz does not say that the disk is full: ${status} ${JSON.stringify(checks.journal)}`)
    await free()
    await expectRecovery(on, 'full disk', retryMs)
    await on.kill()
    // All that was acknowledged is in the journal, and is now delivered.
    await on.start()
  })
}

function fullWithStore({ trial, cleanup, log }: FaultContext, fullMs: number) {
  return trial(async (on) => {
    await mountTmpfs(on.dataDir, 128 * mib, cleanup)
    const sidecar = await on.start()
    on.client.start()
    await sleep(700)
    for (let filling = 0; filling < fillings; filling++) {
      const free = await fill(on.dataDir)
      await untilRefused(on)
      log(`on the full disk: ${await expectAnswers(on, fullMs)}`)
      await free()
      await expectRecovery(on, 'full disk', retryMs)
      await sleep(700)
    }
    log(mendings(sidecar))
  }, dense)
}

/** Also started on the full disk, where it may run and refuse, or end and say why. */
function killedWhenFull({ trial, cleanup, log, random }: FaultContext) {
  return trial(async (on) => {
    await mountTmpfs(on.dataDir, 128 * mib, cleanup)
    await on.start()
    on.client.start()
    await sleep(700)
    const filled = fill(on.dataDir)
    await sleep(random() * 300)
    const free = await filled
    await on.kill()
    const { status } = await on.tryStart()
    log(`started on the full disk: ${status}`)
    await sleep(500)
    await on.kill()
    await free()
    await on.start()
    await expectRecovery(on, 'kill on the full disk', retryMs)
  }, dense)
}

/** For a while, then again and again for moments, which catch the engine's inserts and merges half way. */
function fileSizeLimit({ trial, log, random }: FaultContext, fullMs: number) {
  return trial(async (on) => {
    const sidecar = await on.start()
    const limit = (bytes: string) =>
      runOrThrow(['prlimit', '--pid', String(sidecar.pid), `--fsize=${bytes}:`])
    on.client.start()
    await sleep(500)
    await limit('65536')
    await sleep(fullMs)
    await limit('unlimited')
    await expectRecovery(on, 'EFBIG', retryMs)
    for (const endMs = performance.now() + 2 * fullMs; performance.now() < endMs; ) {
      await limit('4096')
      await sleep(random() * 40)
      await limit('unlimited')
      await sleep(random() * 300)
    }
    await expectRecovery(on, 'EFBIG for moments', retryMs)
    await sleep(700)
    log(`${mendings(sidecar)} of files that were cut short`)
  }, dense)
}

/** How often the embedded engine had written less than it said. */
function mendings(sidecar: SidecarProcess): string {
  return `${sidecar.stderr().split('broken parts were set aside').length - 1} mendings`
}

/** 503, or 200 for what still fits: that it is stored is compared at the end, as for all else. */
async function expectAnswers(on: Trial, fullMs: number): Promise<string> {
  const answers = await answersDuring(on, fullMs)
  const other = answers.length - countStatus(answers, 200) - countStatus(answers, 503)
  if (other > 0 || countStatus(answers, 503) === 0)
    on.violation(`expected 503, or 200 for what still fits, got ${statusCounts(answers)}`)
  return statusCounts(answers)
}

/** Takes all space of the file system. Resolves to what gives it back. */
async function fill(directory: string): Promise<() => Promise<unknown>> {
  const ballast = join(directory, 'ballast')
  await run(['dd', 'if=/dev/zero', `of=${ballast}`, 'bs=64k', 'status=none'])
  await run(['dd', 'if=/dev/zero', `of=${ballast}.2`, 'bs=4k', 'status=none'])
  return () => runOrThrow(['rm', '-f', ballast, `${ballast}.2`])
}

/** Until the room that the journal had set aside is used up. */
async function untilRefused(on: Trial): Promise<void> {
  const deadlineMs = performance.now() + fillMs
  while (performance.now() < deadlineMs) {
    const answers = await answersDuring(on, 300)
    if (countStatus(answers, 503) > 0 && countStatus(answers, 200) === 0) return
  }
  on.violation('nothing is refused on a full disk')
}
