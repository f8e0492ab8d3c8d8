import { parentPort, workerData } from 'node:worker_threads'
import { encodeRowRecord } from '../event/row-record.ts'
import { MalformedOtlpError } from '../event/selected-event.ts'
import { createDecodeExport, type DecodingSettings } from './decode-export.ts'
import type { DecodeAnswer, DecodeTask } from './decode-pool.ts'

/** The thread of `createDecodePool`: one task at a time, answered by its number. */
const decode = createDecodeExport(workerData as DecodingSettings)

parentPort?.on('message', ({ id, signal, encoding, body, withoutBodies, serviceNamespaces }: DecodeTask) => {
  const answer = answerTo(() => decode(signal, encoding, body, withoutBodies, serviceNamespaces), id)
  parentPort?.postMessage(answer, answer.status === 'decoded' ? [answer.rows.buffer as ArrayBuffer] : [])
})

function answerTo(work: () => ReturnType<typeof decode>, id: number): DecodeAnswer {
  try {
    const { rows, releaseRows, ...counts } = work()
    const record = encodeRowRecord(rows)
    releaseRows()
    return { id, status: 'decoded', counts, rows: record }
  } catch (error) {
    if (error instanceof MalformedOtlpError) return { id, status: 'malformed', message: error.message }
    return {
      id,
      status: 'failed',
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    }
  }
}
