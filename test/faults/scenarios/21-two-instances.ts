import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Scenario } from '../scenario.ts'

/** A second sidecar on the same data directory ends before it writes; the first goes on. */
export const twoInstances: Scenario = {
  row: 21,
  fault: 'two instances on one data directory',
  async run({ trial }) {
    const audit = await trial(async (on) => {
      const first = await on.start()
      on.client.start()
      await sleep(500)
      await on.client.pause()
      await sleep(500)
      const before = fileTimes(on.dataDir)
      const second = await on.tryStart()
      if (second.status === 'up') on.violation('the second one starts')
      else if (!second.stderr.includes(`process ${first.pid}`))
        on.violation(`the second one does not say who holds the directory: ${second.stderr.trim()}`)
      const after = fileTimes(on.dataDir)
      const changed = [...after].filter(([path, time]) => before.get(path) !== time).map(([path]) => path)
      if (changed.length > 0) on.violation(`the second one wrote ${changed.slice(0, 3).join(', ')}`)
      if (first.exit() !== undefined) on.violation('the first one ended')
      on.client.start()
      await sleep(500)
    })
    return { status: 'ran', runs: 1, audits: [audit] }
  },
}

/** Of the journal and the lock; the engine's files change by themselves. */
function fileTimes(dataDir: string): Map<string, number> {
  const times = new Map<string, number>()
  for (const directory of [dataDir, join(dataDir, 'journal'), join(dataDir, 'insert')]) {
    // Batches for a server need no directory.
    if (!existsSync(directory)) continue
    for (const name of readdirSync(directory)) {
      const stats = statSync(join(directory, name))
      if (stats.isFile()) times.set(join(directory, name), stats.mtimeMs)
    }
  }
  return times
}
