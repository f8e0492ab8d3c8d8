import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@clickhouse/client'
import type { Scenario } from '../scenario.ts'
import { type ProxyMode, startStoreProxy } from './store-proxy.ts'

const insertTimeoutMs = 1000
const delayMs = 2500

/** A scenario against the ClickHouse server of OPS_CLICKHOUSE_URL, in a database of its own, through a proxy. */
export function proxiedScenario(what: { row: number; fault: string; mode: ProxyMode }): Scenario {
  return {
    row: what.row,
    fault: what.fault,
    async run({ long, seed, trial, cleanup, log }) {
      const url = process.env.OPS_CLICKHOUSE_URL
      if (!url) return { status: 'not_run', reason: 'OPS_CLICKHOUSE_URL is not set' }
      const database = `ops_fault_${what.row}_${seed}_${Date.now()}`
      const client = createClient({
        url,
        username: process.env.OPS_CLICKHOUSE_USER ?? 'default',
        password: process.env.OPS_CLICKHOUSE_PASSWORD ?? '',
      })
      await client.command({ query: `CREATE DATABASE ${database}` })
      cleanup(async () => {
        await client.command({ query: `DROP DATABASE IF EXISTS ${database}` })
        await client.close()
      })
      const proxy = await startStoreProxy(url, delayMs)
      cleanup(() => proxy.close())
      const cycles = long ? 40 : 4
      const audit = await trial(
        async (on) => {
          await on.start()
          on.client.start()
          for (let cycle = 0; cycle < cycles; cycle++) {
            await sleep(400)
            proxy.mode = what.mode
            await sleep(1200)
            proxy.mode = 'pass'
            // Every other time the doubt is left to the next life.
            if (cycle % 2 === 1) {
              await on.kill()
              await on.start()
            }
          }
          log(`${proxy.faults} inserts`)
          if (proxy.faults === 0) on.violation('no insert met the fault')
          await sleep(2 * delayMs)
        },
        {
          env: {
            OPS_CLICKHOUSE_URL: proxy.url,
            OPS_CLICKHOUSE_DATABASE: database,
            OPS_CLICKHOUSE_TIMEOUT: `${insertTimeoutMs}ms`,
          },
        },
      )
      return { status: 'ran', runs: proxy.faults, audits: [audit] }
    },
  }
}
