import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip, zstdCompress } from 'node:zlib'
import type { Prepared, Workload } from './load-messages.ts'
import { createPayloads, type Payload, stamp } from './payload.ts'

/** Requests that differ in every id. */
export interface RequestPool {
  readonly prepared: Prepared
  readonly workload: Workload
  /** The body of the next request, or undefined when there are no more. `slot` is that of a free connection. */
  next(slot: number): Buffer | undefined
}

const compressors = { gzip: promisify(gzip), zstd: promisify(zstdCompress) }
/** Requests compressed at the same time: as many as the thread pool runs, not more, as each holds its input. */
const compressedAtOnce = 4

/**
 * Uncompressed requests are made when they are sent, by writing ids and times into bytes that are there. Compressed
 * ones are made beforehand: compressing costs the sender more than receiving costs the receiver.
 */
export async function createRequestPool(workload: Workload, requests: number): Promise<RequestPool> {
  const payloads = await createPayloads(workload.encoding, workload.errorCount)
  return workload.compression === 'identity'
    ? createStampedPool(workload, payloads)
    : createCompressedPool(workload, payloads, requests)
}

const runId = randomBytes(4).toString('hex')
let nextNumber = 0

/** 8 bytes as hex, never the same. */
function nextId(): string {
  return runId + (nextNumber++).toString(16).padStart(8, '0')
}

function createStampedPool(workload: Workload, payloads: readonly Payload[]): RequestPool {
  const copies: { payload: Payload; bytes: Buffer }[] = []
  const size = payloads[0]?.bytes.length ?? 0
  return {
    prepared: { requestBytes: size, inflatedBytes: size },
    workload,
    next(slot) {
      const payload = payloads[slot % payloads.length] as Payload
      copies[slot] ??= { payload, bytes: Buffer.from(payload.bytes) }
      const { bytes } = copies[slot]
      stamp(payload, bytes, nextId(), Date.now())
      return bytes
    },
  }
}

async function createCompressedPool(
  workload: Workload,
  payloads: readonly Payload[],
  requests: number,
): Promise<RequestPool> {
  const compress = compressors[workload.compression === 'gzip' ? 'gzip' : 'zstd']
  const bodies: Buffer[] = []
  const copies = Array.from({ length: compressedAtOnce }, (_, index) => {
    const payload = payloads[index % payloads.length] as Payload
    return { payload, bytes: Buffer.from(payload.bytes) }
  })
  while (bodies.length < requests) {
    const made = copies.map(({ payload, bytes }) => {
      stamp(payload, bytes, nextId(), Date.now())
      return compress(bytes)
    })
    bodies.push(...(await Promise.all(made)))
  }
  let sent = 0
  return {
    prepared: { requestBytes: bodies[0]?.length ?? 0, inflatedBytes: payloads[0]?.bytes.length ?? 0 },
    workload,
    next() {
      const body = bodies[sent]
      bodies[sent++] = Buffer.alloc(0)
      return body
    },
  }
}
