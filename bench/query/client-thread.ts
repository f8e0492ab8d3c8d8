import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'

/** Asks the API from a thread of its own, so that the API does not pay for its client. */
export interface HttpClient {
  /** Time until the whole answer is read and parsed, ms. @throws Error unless it is answered 200. */
  ask(url: string): Promise<{ ms: number; body: unknown }>
  close(): Promise<void>
}

interface Answer {
  readonly ms: number
  readonly status: number
  readonly text: string
}

export function startHttpClient(): HttpClient {
  const worker = new Worker(new URL(import.meta.url))
  return {
    async ask(url) {
      worker.postMessage(url)
      const [{ ms, status, text }] = (await once(worker, 'message')) as [Answer]
      if (status !== 200) throw new Error(`${url}: ${status} ${text}`)
      return { ms, body: JSON.parse(text) }
    },
    async close() {
      await worker.terminate()
    },
  }
}

if (!isMainThread) {
  const agent = new Agent({ keepAlive: true })
  parentPort?.on('message', async (url: string) => {
    const startedAt = performance.now()
    const request = get(url, { agent })
    const [response] = await once(request, 'response')
    const parts: Buffer[] = []
    for await (const part of response) parts.push(part)
    const text = Buffer.concat(parts).toString()
    JSON.parse(text)
    parentPort?.postMessage({ ms: performance.now() - startedAt, status: response.statusCode, text })
  })
}
