import type { Config } from '../config.ts'
import { lockDataDirectory } from '../lock-data-directory.ts'
import { openStoreClients, type StoreClients } from '../store/client.ts'
import { addDifference, countDifference, rollups } from '../store/rollups.ts'

const daySeconds = 86_400
const weekSeconds = 7 * daySeconds

/** Compares every rollup with the events of the retention, week by week. Resolves to false when one differs. */
export function verifyRollups(config: Config): Promise<boolean> {
  return walk(config, 'differ', countDifference)
}

/** Corrects what differs, by adding the difference: the rollups are sums. Nothing else may write meanwhile. */
export async function rebuildRollups(config: Config): Promise<void> {
  await walk(config, 'corrected', addDifference)
}

async function walk(config: Config, word: string, work: typeof countDifference): Promise<boolean> {
  const unlock = config.clickhouseUrl === '' ? await lockDataDirectory(config.dataDir) : () => {}
  try {
    const clients = await openStoreClients(config)
    try {
      return await walkRollups(clients, config, word, work)
    } finally {
      await clients.close()
    }
  } finally {
    unlock()
  }
}

async function walkRollups(
  clients: StoreClients,
  config: Config,
  word: string,
  work: typeof countDifference,
): Promise<boolean> {
  const endSeconds = Math.ceil(Date.now() / 1000 / daySeconds + 1) * daySeconds
  // The oldest day may be deleted in part already; what is left of it proves nothing.
  const startSeconds = endSeconds - Math.floor(config.retentionMs / 1000 / daySeconds) * daySeconds
  let agree = true
  for (const rollup of rollups) {
    let rows = 0
    for (let from = startSeconds; from < endSeconds; from += weekSeconds) {
      rows += await work(clients.writer, rollup, from, Math.min(from + weekSeconds, endSeconds))
      process.stderr.write(
        `\r${rollup.name}: ${Math.round(((from - startSeconds) / (endSeconds - startSeconds)) * 100)} %   `,
      )
    }
    process.stderr.write('\r')
    process.stdout.write(
      `${rollup.name}: ${rows === 0 ? 'agrees with the events' : `${rows} rows ${word}`}\n`,
    )
    agree &&= rows === 0
  }
  return agree
}
