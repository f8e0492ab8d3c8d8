import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { freeBytes } from '../event/free-bytes.ts'
import type { ByteBudget } from './byte-budget.ts'
import { type Inflater, inflaterOf } from './inflate.ts'

export interface RequestBody {
  /** Inflated. */
  readonly body: Uint8Array
  /** As it was sent, and the Content-Encoding of that; the same bytes for identity. */
  readonly sent: Uint8Array
  readonly contentEncoding: string
  /** Reserved in the budget; the caller releases them when it is done. */
  readonly heldBytes: number
}

export type ReadBody =
  | ({ readonly status: 'body' } & RequestBody)
  | {
      readonly status:
        | 'unsupported_encoding'
        | 'malformed_encoding'
        | 'body_too_large'
        | 'overloaded'
        | 'aborted'
    }

type Collected =
  | { readonly status: 'body'; readonly bytes: Buffer }
  | { readonly status: 'body_too_large' | 'overloaded' | 'broken' }

/**
 * What inflates to no more than this is inflated where it stands: it takes 2 ms at most, where the way over the thread
 * pool takes as much time again as inflating does.
 */
const maxInlineBytes = 2 * 1024 * 1024

/**
 * Reads a request's body and inflates it, off the event loop unless it is small. `maxBytes` bounds what is sent and,
 * while inflating, what comes out of it; every byte held is reserved in the budget.
 * @param gather waited for between reading and inflating; gets the bytes of the inflated body, more or less.
 */
export async function readBody(
  request: IncomingMessage,
  maxBytes: number,
  budget: ByteBudget,
  gather: (bytes: number) => Promise<void>,
): Promise<ReadBody> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return { status: 'body_too_large' }
  const contentEncoding = (request.headers['content-encoding'] ?? '').trim().toLowerCase() || 'identity'
  const inflater = inflaterOf(contentEncoding)
  if (inflater === undefined && contentEncoding !== 'identity') return { status: 'unsupported_encoding' }

  const sent = await collect(request, maxBytes, budget)
  if (sent.status !== 'body') return { status: sent.status === 'broken' ? 'aborted' : sent.status }
  const held = { sent: sent.bytes, contentEncoding }
  const expectedBytes = inflater === undefined ? sent.bytes.length : inflater.expectedBytes(sent.bytes)
  await gather(expectedBytes)
  if (inflater === undefined)
    return { status: 'body', body: sent.bytes, heldBytes: sent.bytes.length, ...held }

  const inflated =
    inflateInline(inflater, sent.bytes, Math.min(expectedBytes, maxBytes), budget) ??
    (await inflateInSteps(inflater, sent.bytes, maxBytes, budget))
  if (inflated.status === 'body') {
    const heldBytes = sent.bytes.length + inflated.bytes.length
    return { status: 'body', body: inflated.bytes, heldBytes, ...held }
  }
  budget.release(sent.bytes.length)
  return { status: inflated.status === 'broken' ? 'malformed_encoding' : inflated.status }
}

/** Undefined where that is not the way: it is larger than expected, malformed, or the budget has no room. */
function inflateInline(
  inflater: Inflater,
  sent: Buffer,
  expectedBytes: number,
  budget: ByteBudget,
): Collected | undefined {
  if (expectedBytes > maxInlineBytes || !budget.reserve(expectedBytes)) return undefined
  let bytes: Buffer | undefined
  try {
    bytes = inflater.atOnce(sent, expectedBytes)
    return { status: 'body', bytes }
  } catch {
    return undefined
  } finally {
    budget.release(expectedBytes - (bytes?.length ?? 0))
  }
}

async function inflateInSteps(
  inflater: Inflater,
  sent: Buffer,
  maxBytes: number,
  budget: ByteBudget,
): Promise<Collected> {
  const stream = inflater.stream()
  stream.end(sent)
  const inflated = await collect(stream, maxBytes, budget)
  stream.destroy()
  return inflated
}

/**
 * All of a stream. Nothing stays reserved unless it ends well. A stream that is left early is paused, not destroyed: a
 * request's socket carries the answer.
 */
function collect(stream: Readable, maxBytes: number, budget: ByteBudget): Promise<Collected> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let heldBytes = 0
    let isOver = false
    const end = (status: Collected['status']): void => {
      if (isOver) return
      isOver = true
      stream.off('data', take).pause()
      if (status === 'body') resolve({ status, bytes: joined(chunks, heldBytes) })
      else {
        budget.release(heldBytes)
        resolve({ status })
      }
    }
    const take = (chunk: Buffer): void => {
      if (heldBytes + chunk.length > maxBytes) end('body_too_large')
      else if (!budget.reserve(chunk.length)) end('overloaded')
      else {
        heldBytes += chunk.length
        chunks.push(chunk)
      }
    }
    stream.on('data', take)
    stream.on('end', () => end('body'))
    stream.on('error', () => end('broken'))
    stream.on('close', () => end('broken'))
  })
}

function joined(chunks: readonly Buffer[], bytes: number): Buffer {
  if (chunks.length === 1) return chunks[0] as Buffer
  const whole = Buffer.allocUnsafeSlow(bytes)
  let offset = 0
  for (const chunk of chunks) {
    whole.set(chunk, offset)
    offset += chunk.length
  }
  // Not before: zlib cuts several chunks from one buffer.
  for (const chunk of chunks) freeBytes(chunk)
  return whole
}
