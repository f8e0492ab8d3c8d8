import { setTimeout as sleep } from 'node:timers/promises'
import { countStatus, statusCounts } from '../harness/answers.ts'
import { closedPortUrl } from '../harness/closed-port.ts'
import { tallyOf } from '../harness/event-tally.ts'
import { copySegments } from '../harness/idle-journal.ts'
import { readLedger } from '../harness/ledger.ts'
import { readReadiness } from '../harness/metrics.ts'
import { readWholeJournal } from '../harness/open-journal.ts'
import { answersDuring, expectRecovery } from '../harness/recovery.ts'
import { openServer, serverEnv } from '../harness/server.ts'
import type { Trial } from '../harness/trial.ts'
import type { Scenario } from '../scenario.ts'

/**
 * A ClickHouse server that refuses connections: exports are acknowledged until the journal is full, then refused. A
 * kill later every acknowledged event is still in the journal. At the end the journal is delivered to the embedded
 * engine. Then a server that is killed under load and comes back.
 */
export const storeDown: Scenario = {
  row: 13,
  fault: 'store refuses connections; store is killed and comes back',
  async run(context) {
    const { directory, trial, log } = context
    const env = { OPS_CLICKHOUSE_URL: await closedPortUrl(), OPS_JOURNAL_MAX_BYTES: '2MiB' }
    const audit = await trial(
      async (on) => {
        const sidecar = await on.start({ env })
        on.client.start()
        await fillUp(on, log)
        const { status, checks } = await readReadiness(sidecar.apiUrl)
        if (status !== 503 || !checks.store?.reason || !checks.delivery?.reason)
          on.violation(`/readyz does not say that the store is away: ${status} ${JSON.stringify(checks)}`)
        await on.client.pause()
        await on.kill()
        // A copy: opening a journal begins a segment.
        const copy = copySegments(on.journalDir, directory())
        const kept = tallyOf((await readWholeJournal(copy)).requestIds)
        const lost = (await readLedger(on.ledger.path)).acknowledged.missingFrom(kept).count
        if (lost > 0) on.violation(`I1: ${lost} acknowledged events are not in the journal`)
        const again = await on.start({ env })
        await sleep(500)
        if (again.exit() !== undefined) on.violation('I5: does not stay up while the store is away')
        await on.kill()
      },
      { env: { OPS_JOURNAL_MAX_BYTES: '2MiB' }, shape: { maxBodyBytes: 8000 }, client: { pauseMs: 5 } },
    )
    const server = await openServer(context, 13)
    const { standIn } = server
    // A server that others own is not ours to end.
    if (standIn === undefined) return { status: 'ran', runs: 1, audits: [audit] }
    const killed = await trial(
      async (on) => {
        await on.start()
        on.client.start()
        await sleep(1000)
        await standIn.kill()
        await fillUp(on, log)
        await standIn.start()
        await expectRecovery(on, 'store is back', 30_000)
      },
      {
        env: {
          ...serverEnv(server, server.url, 5000),
          OPS_JOURNAL_MAX_BYTES: '2MiB',
          OPS_BATCH_MAX_ROWS: '1000',
        },
        shape: { maxBodyBytes: 8000 },
        client: { pauseMs: 5 },
      },
    )
    return { status: 'ran', runs: 2, audits: [audit, killed] }
  },
}

async function fillUp(on: Trial, log: (text: string) => void): Promise<void> {
  for (let wait = 0; wait < 40; wait++) {
    const answers = await answersDuring(on, 500)
    if (countStatus(answers, 503) === 0 || countStatus(answers, 200) > 0) continue
    log(`journal full after ${(wait + 1) / 2} s: ${statusCounts(answers)}`)
    return
  }
  on.violation('the journal is never full')
}
