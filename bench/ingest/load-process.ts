/** The sending process: takes orders from its parent, one at a time. */
import type { LoadAnswer, LoadOrder } from './load-messages.ts'
import { pinToCore, senderCore } from './pinning.ts'
import { createRequestPool, type RequestPool } from './request-pool.ts'
import { sendLoad } from './send-load.ts'

let pool: RequestPool | undefined

async function obey(message: LoadOrder): Promise<LoadAnswer> {
  if (message.type === 'prepare') {
    pool = undefined
    // Nothing is measured now: preparing may use every core.
    pinToCore(process.pid, undefined)
    pool = await createRequestPool(message.workload, message.requests)
    pinToCore(process.pid, senderCore)
    return { type: 'prepared', prepared: pool.prepared }
  }
  if (pool === undefined) throw new Error('nothing was prepared')
  return { type: 'sent', result: await sendLoad(pool, message.order) }
}

process.on('message', (message: LoadOrder) => {
  obey(message).then(
    (answer) => process.send?.(answer),
    (error: unknown) => process.send?.({ type: 'failed', reason: String(error) } satisfies LoadAnswer),
  )
})
process.on('disconnect', () => process.exit())
