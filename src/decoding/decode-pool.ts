import { Worker } from 'node:worker_threads'
import type { ServiceNamespaces } from '../access/token.ts'
import { freeBytes } from '../event/free-bytes.ts'
import { decodeRowRecord } from '../event/row-record.ts'
import { type Encoding, MalformedOtlpError, type Signal } from '../event/selected-event.ts'
import type { DecodedExport, DecodingSettings } from './decode-export.ts'

export interface DecodeTask {
  readonly id: number
  readonly signal: Signal
  readonly encoding: Encoding
  readonly body: Uint8Array
  readonly withoutBodies: boolean
  readonly serviceNamespaces: ServiceNamespaces
}

export type DecodeAnswer =
  | {
      readonly id: number
      readonly status: 'decoded'
      readonly counts: Omit<DecodedExport, 'rows' | 'releaseRows'>
      readonly rows: Uint8Array
    }
  | { readonly id: number; readonly status: 'malformed' | 'failed'; readonly message: string }

export interface DecodePool {
  /** As `DecodeExport`, on one of the threads. Rejects with MalformedOtlpError, or with what ended the thread. */
  decode(
    signal: Signal,
    encoding: Encoding,
    body: Uint8Array,
    withoutBodies: boolean,
    serviceNamespaces?: ServiceNamespaces,
  ): Promise<DecodedExport>
  stop(): Promise<void>
}

/** Type stripping runs the source, a build runs beside its own compiled worker. */
const workerUrl = new URL(
  import.meta.url.endsWith('.ts') ? './decode-worker.ts' : './decode-worker.js',
  import.meta.url,
)

interface Thread {
  readonly worker: Worker
  readonly tasks: Map<number, { resolve(value: DecodedExport): void; reject(error: unknown): void }>
}

/** Decodes on `threads` worker threads; each task goes to the one with the fewest. A thread that ends is replaced. */
export function createDecodePool(threads: number, settings: DecodingSettings): DecodePool {
  let stopping = false
  let nextId = 0
  const pool = Array.from({ length: threads }, (_, index) => startThread(index))

  function startThread(index: number): Thread {
    const thread: Thread = { worker: new Worker(workerUrl, { workerData: settings }), tasks: new Map() }
    thread.worker.on('message', (answer: DecodeAnswer) => settle(thread, answer))
    thread.worker.on('error', (error) => abandon(thread, error))
    thread.worker.on('exit', () => {
      abandon(thread, new Error('the decoding thread ended'))
      if (!stopping) pool[index] = startThread(index)
    })
    return thread
  }

  return {
    decode(signal, encoding, body, withoutBodies, serviceNamespaces) {
      const thread = pool.reduce((least, candidate) =>
        candidate.tasks.size < least.tasks.size ? candidate : least,
      )
      const id = nextId++
      return new Promise((resolve, reject) => {
        thread.tasks.set(id, { resolve, reject })
        const task: DecodeTask = { id, signal, encoding, body, withoutBodies, serviceNamespaces }
        thread.worker.postMessage(task)
      })
    },
    async stop() {
      stopping = true
      await Promise.all(pool.map(({ worker }) => worker.terminate()))
    },
  }
}

function settle(thread: Thread, answer: DecodeAnswer): void {
  const task = thread.tasks.get(answer.id)
  thread.tasks.delete(answer.id)
  if (answer.status === 'decoded') {
    const releaseRows = (): void => freeBytes(answer.rows)
    task?.resolve({ ...answer.counts, rows: decodeRowRecord(answer.rows), releaseRows })
  } else if (answer.status === 'malformed') task?.reject(new MalformedOtlpError(answer.message))
  else task?.reject(new Error(answer.message))
}

function abandon(thread: Thread, error: unknown): void {
  for (const task of thread.tasks.values()) task.reject(error)
  thread.tasks.clear()
}
