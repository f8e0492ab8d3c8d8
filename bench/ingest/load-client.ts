import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { LoadAnswer, LoadOrder, Prepared, SendOrder, SendResult, Workload } from './load-messages.ts'

/** The sending process, as its parent sees it. */
export interface LoadClient {
  prepare(workload: Workload, requests: number): Promise<Prepared>
  send(order: SendOrder): Promise<SendResult>
  stop(): void
}

export function startLoadClient(): LoadClient {
  const child = fork(fileURLToPath(new URL('./load-process.ts', import.meta.url)))
  const ended = once(child, 'exit').then((): [LoadAnswer] => [
    { type: 'failed', reason: 'the sending process ended' },
  ])
  async function ask(order: LoadOrder): Promise<LoadAnswer> {
    child.send(order)
    const answered = new Promise<[LoadAnswer]>((resolve) => {
      child.once('message', (message) => resolve([message as LoadAnswer]))
    })
    const [answer] = await Promise.race([answered, ended])
    if (answer.type === 'failed') throw new Error(`sending failed: ${answer.reason}`)
    return answer
  }
  return {
    async prepare(workload, requests) {
      const answer = await ask({ type: 'prepare', workload, requests })
      if (answer.type !== 'prepared') throw new Error(`unexpected ${answer.type}`)
      return answer.prepared
    },
    async send(order) {
      const answer = await ask({ type: 'send', order })
      if (answer.type !== 'sent') throw new Error(`unexpected ${answer.type}`)
      return answer.result
    },
    stop: () => void child.disconnect(),
  }
}
