import { setTimeout as sleep } from 'node:timers/promises'
import { proxiedScenario } from '../harness/proxied-store.ts'
import { attachStrace, killInjection, straceMissing } from '../harness/strace.ts'
import type { Scenario } from '../scenario.ts'

const tables = ['ops_upstream_error_events', 'ops_upstream_error_counts']
const renames = 'rename,renameat,renameat2'

const oneBlockWindows = tables.map(
  (table) => `ALTER TABLE ${table} MODIFY SETTING non_replicated_deduplication_window = 1`,
)
/** The engine is killed at its renames, which those of a server are not ours to meet. */
const embedded = { env: { OPS_CLICKHOUSE_URL: '' } }
const lostAnswersOfServer = proxiedScenario({
  row: 16,
  fault: 'lost answers of a server with a window of one block',
  mode: 'swallow',
  async prepare({ command }) {
    for (const statement of oneBlockWindows) await command(statement)
  },
})

/** A doubtful insert that is settled after the store has forgotten its deduplication token: the window is one block. */
export const dedupWindow: Scenario = {
  row: 16,
  fault: 'outage longer than the deduplication window',
  async run(context) {
    const { long, random, trial } = context
    const missing = await straceMissing()
    const cycles = long ? 60 : 2
    const audit = await trial(async (on) => {
      await on.start()
      await on.stop()
      await on.readStore(...oneBlockWindows)
      on.client.start()
      for (let cycle = 0; cycle < cycles; cycle++) {
        const sidecar = await on.start()
        const injection = killInjection(renames, 1 + Math.floor(random() * 4), true)
        if (!missing) await attachStrace(sidecar.pid, renames, injection)
        await Promise.race([sidecar.exited, sleep(1500)])
        await on.kill()
      }
    }, embedded)
    const server = await lostAnswersOfServer.run(context)
    if (server.status === 'not_run') return { status: 'ran', runs: cycles, audits: [audit] }
    return { ...server, runs: cycles + server.runs, audits: [audit, ...server.audits] }
  },
}
