import type { IncomingMessage } from 'node:http'
import type { Readable, Transform } from 'node:stream'
import { createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import type { ByteBudget } from './byte-budget.ts'

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

/** Large enough that a usual export inflates in a few steps on the thread pool. */
const inflateChunkBytes = 256 * 1024
const maxInflateChunkBytes = 4 * 1024 * 1024
/** Exports shrink to a tenth or so; a body that claims more gets its buffers in steps. */
const maxInflateRatio = 64

const inflaters: Readonly<Record<string, ((sent: Buffer) => Transform) | undefined>> = {
  gzip: (sent) => createGunzip({ chunkSize: gzipChunkBytes(sent) }),
  'x-gzip': (sent) => createGunzip({ chunkSize: gzipChunkBytes(sent) }),
  deflate: () => createInflate({ chunkSize: inflateChunkBytes }),
  zstd: () => createZstdDecompress({ chunkSize: inflateChunkBytes }),
}

/**
 * The size that the end of gzip data says it inflates to (RFC 1952, ISIZE), as one chunk: no buffer is larger than need
 * be, and none is put together from pieces. Only a hint, so it is bounded by what was sent.
 */
function gzipChunkBytes(sent: Buffer): number {
  if (sent.length < 18) return inflateChunkBytes
  // One more, or zlib asks for another chunk to find out that nothing follows.
  const hint = sent.readUInt32LE(sent.length - 4) + 1
  return Math.min(Math.max(hint, 1024), sent.length * maxInflateRatio, maxInflateChunkBytes)
}

/**
 * Reads a request's body, and inflates it off the event loop. `maxBytes` bounds what is sent and, while inflating,
 * what comes out of it; every byte held is reserved in the budget.
 */
export async function readBody(
  request: IncomingMessage,
  maxBytes: number,
  budget: ByteBudget,
): Promise<ReadBody> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return { status: 'body_too_large' }
  const contentEncoding = (request.headers['content-encoding'] ?? '').trim().toLowerCase() || 'identity'
  const inflater = Object.hasOwn(inflaters, contentEncoding) ? inflaters[contentEncoding] : undefined
  if (inflater === undefined && contentEncoding !== 'identity') return { status: 'unsupported_encoding' }

  const sent = await collect(request, maxBytes, budget)
  if (sent.status !== 'body') return { status: sent.status === 'broken' ? 'aborted' : sent.status }
  const held = { sent: sent.bytes, contentEncoding }
  if (inflater === undefined)
    return { status: 'body', body: sent.bytes, heldBytes: sent.bytes.length, ...held }

  const stream = inflater(sent.bytes)
  stream.end(sent.bytes)
  const inflated = await collect(stream, maxBytes, budget)
  stream.destroy()
  if (inflated.status === 'body') {
    const heldBytes = sent.bytes.length + inflated.bytes.length
    return { status: 'body', body: inflated.bytes, heldBytes, ...held }
  }
  budget.release(sent.bytes.length)
  return { status: inflated.status === 'broken' ? 'malformed_encoding' : inflated.status }
}

/** All of a stream. Nothing stays reserved unless it ends well. */
async function collect(stream: Readable, maxBytes: number, budget: ByteBudget): Promise<Collected> {
  const chunks: Buffer[] = []
  let heldBytes = 0
  let status: Collected['status'] = 'body'
  try {
    // A request that is left early must not be destroyed: its socket carries the answer.
    for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      if (heldBytes + chunk.length > maxBytes) status = 'body_too_large'
      else if (!budget.reserve(chunk.length)) status = 'overloaded'
      if (status !== 'body') break
      heldBytes += chunk.length
      chunks.push(chunk)
    }
  } catch {
    status = 'broken'
  }
  if (status === 'body')
    return { status, bytes: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks) }
  budget.release(heldBytes)
  return { status }
}
