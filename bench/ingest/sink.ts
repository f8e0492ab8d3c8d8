import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { pinToCore, senderCore } from './pinning.ts'

/** The row-counting sink, as its parent sees it. */
export interface Sink {
  readonly url: string
  /** Rows inserted since it started. */
  rows(): Promise<number>
  stop(): void
}

export async function startSink(): Promise<Sink> {
  const child = fork(fileURLToPath(new URL('./clickhouse-sink.ts', import.meta.url)))
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  pinToCore(child.pid ?? 0, senderCore)
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    rows: async () => Number(await (await fetch(`${url}/rows`)).text()),
    stop: () => void child.disconnect(),
  }
}
