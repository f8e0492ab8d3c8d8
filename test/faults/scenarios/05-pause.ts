import { setTimeout as sleep } from 'node:timers/promises'
import { openServer, serverEnv } from '../harness/server.ts'
import type { Scenario } from '../scenario.ts'

const insertTimeoutMs = 1000

/**
 * SIGSTOP and SIGCONT. Of the sidecar: clients time out and send again what may be on its way already. Of the store:
 * the sidecar gives inserts up which the store goes on with afterwards.
 */
export const pause: Scenario = {
  row: 5,
  fault: 'SIGSTOP, SIGCONT: the sidecar; the store',
  async run(context) {
    const { long, trial } = context
    const pausesMs = long ? [60_000, 1000, 5000] : [4000, 1500]
    const sidecarPaused = await trial(
      async (on) => {
        const sidecar = await on.start()
        on.client.start()
        for (const pauseMs of pausesMs) {
          await sleep(700)
          sidecar.kill('SIGSTOP')
          await sleep(pauseMs)
          sidecar.kill('SIGCONT')
        }
        await sleep(1000)
        if (sidecar.exit() !== undefined) on.violation('I5: ended after SIGCONT')
      },
      { client: { timeoutMs: 1000 } },
    )
    const server = await openServer(context, 5)
    const { standIn } = server
    // A server that others own is not ours to stop.
    if (standIn === undefined) return { status: 'ran', runs: pausesMs.length, audits: [sidecarPaused] }
    const storePaused = await trial(
      async (on) => {
        await on.start()
        on.client.start()
        for (const pauseMs of pausesMs) {
          await sleep(700)
          standIn.pause()
          await sleep(pauseMs)
          standIn.resume()
        }
        await sleep(1000)
      },
      { env: { ...serverEnv(server, server.url, insertTimeoutMs), OPS_BATCH_MAX_ROWS: '1000' } },
    )
    return { status: 'ran', runs: 2 * pausesMs.length, audits: [sidecarPaused, storePaused] }
  },
}
