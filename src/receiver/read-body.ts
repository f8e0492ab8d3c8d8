import type { IncomingMessage } from 'node:http'
import type { Readable, Transform } from 'node:stream'
import { createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import type { ByteBudget } from './byte-budget.ts'

export type ReadBody =
  | { readonly status: 'body'; readonly body: Uint8Array; readonly heldBytes: number }
  | {
      readonly status:
        | 'unsupported_encoding'
        | 'malformed_encoding'
        | 'body_too_large'
        | 'overloaded'
        | 'aborted'
    }

/** Large enough that a usual export inflates in a few steps on the thread pool. */
const inflateChunkBytes = 256 * 1024

const inflaters: Readonly<Record<string, (() => Transform) | undefined>> = {
  gzip: () => createGunzip({ chunkSize: inflateChunkBytes }),
  'x-gzip': () => createGunzip({ chunkSize: inflateChunkBytes }),
  deflate: () => createInflate({ chunkSize: inflateChunkBytes }),
  zstd: () => createZstdDecompress({ chunkSize: inflateChunkBytes }),
}

/**
 * Reads and inflates a request's body, off the event loop. `maxBytes` bounds what is sent and, while inflating, what
 * comes out of it; every byte held is reserved in the budget, and the caller releases `heldBytes` when it is done.
 */
export async function readBody(
  request: IncomingMessage,
  maxBytes: number,
  budget: ByteBudget,
): Promise<ReadBody> {
  const declaredBytes = Number(request.headers['content-length'] ?? 0)
  if (declaredBytes > maxBytes) return { status: 'body_too_large' }
  const contentEncoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  if (contentEncoding === 'identity' || contentEncoding === '') return collect(request, maxBytes, budget)
  const inflater = Object.hasOwn(inflaters, contentEncoding) ? inflaters[contentEncoding]?.() : undefined
  if (inflater === undefined) return { status: 'unsupported_encoding' }
  return collectInflated(request, inflater, maxBytes, budget)
}

async function collectInflated(
  request: IncomingMessage,
  inflater: Transform,
  maxBytes: number,
  budget: ByteBudget,
): Promise<ReadBody> {
  let sentBytes = 0
  let sentTooMuch = false
  request.on('data', (chunk: Buffer) => {
    sentBytes += chunk.length
    if (sentBytes > maxBytes && !sentTooMuch) {
      sentTooMuch = true
      inflater.destroy(new Error('body too large'))
    }
  })
  request.on('error', (error) => inflater.destroy(error))
  request.on('aborted', () => inflater.destroy(new Error('aborted')))
  request.pipe(inflater)
  const result = await collect(inflater, maxBytes, budget)
  request.unpipe(inflater)
  inflater.destroy()
  if (sentTooMuch) return { status: 'body_too_large' }
  const leftEarly = request.destroyed && !request.complete
  if (result.status === 'aborted' && !leftEarly) return { status: 'malformed_encoding' }
  return result
}

async function collect(stream: Readable, maxBytes: number, budget: ByteBudget): Promise<ReadBody> {
  const chunks: Buffer[] = []
  let heldBytes = 0
  let status: 'body' | 'body_too_large' | 'overloaded' | 'aborted' = 'body'
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (heldBytes + chunk.length > maxBytes) status = 'body_too_large'
      else if (!budget.reserve(chunk.length)) status = 'overloaded'
      if (status !== 'body') break
      heldBytes += chunk.length
      chunks.push(chunk)
    }
  } catch {
    status = 'aborted'
  }
  if (status !== 'body') {
    budget.release(heldBytes)
    return { status }
  }
  return { status, body: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks), heldBytes }
}
