import { setTimeout as sleep } from 'node:timers/promises'
import type { Scenario } from '../scenario.ts'
import { openServer, type Server, serverEnv } from './server.ts'
import { type ProxyMode, startStoreProxy } from './store-proxy.ts'

const insertTimeoutMs = 1000
const delayMs = 2500

interface ProxiedFault {
  readonly row: number
  readonly fault: string
  readonly mode: ProxyMode
  /** Of the server, when the sidecar has made its tables. */
  prepare?(server: Server): Promise<void>
}

/** A scenario against a ClickHouse server through a proxy that meddles with inserts. */
export function proxiedScenario({ row, fault, mode, prepare }: ProxiedFault): Scenario {
  return {
    row,
    fault,
    async run(context) {
      const { long, trial, cleanup, log } = context
      const server = await openServer(context, row)
      const proxy = await startStoreProxy(server.url, delayMs)
      cleanup(() => proxy.close())
      const cycles = long ? 40 : 4
      const audit = await trial(
        async (on) => {
          await on.start()
          await prepare?.(server)
          on.client.start()
          for (let cycle = 0; cycle < cycles; cycle++) {
            await sleep(400)
            proxy.mode = mode
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
          if (mode === 'delay') await sleep(delayMs)
        },
        { env: { ...serverEnv(server, proxy.url, insertTimeoutMs), OPS_BATCH_MAX_ROWS: '1000' } },
      )
      return { status: 'ran', runs: proxy.faults, audits: [audit] }
    },
  }
}
