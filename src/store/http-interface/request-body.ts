import type { IncomingMessage } from 'node:http'
import { Readable, Transform } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import { inflateBlocks } from './compressed-blocks.ts'
import { InterfaceError } from './exception.ts'

const decoders: Readonly<Record<string, (() => Transform) | undefined>> = {
  gzip: createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
}

/**
 * The bytes of the body, at most `maxBytes` as sent and as decoded.
 * @param compressed in ClickHouse's own blocks, inside of the coding of HTTP.
 * @throws InterfaceError for a coding that is not known.
 */
export function decodeBody(request: IncomingMessage, maxBytes: number, compressed: boolean): Readable {
  const body = removeCoding(request, maxBytes)
  return compressed ? pipeTo(Readable.from(inflateBlocks(body)), limit(maxBytes)) : body
}

function removeCoding(request: IncomingMessage, maxBytes: number): Readable {
  const coding = (request.headers['content-encoding'] ?? '').trim().toLowerCase()
  const sent = pipeTo(request, limit(maxBytes))
  if (coding === '' || coding === 'identity') return sent
  const decoder = Object.hasOwn(decoders, coding) ? decoders[coding] : undefined
  if (decoder === undefined)
    throw new InterfaceError('NOT_IMPLEMENTED', `Unknown Content-Encoding: ${coding}.`)
  return pipeTo(pipeTo(sent, decoder()), limit(maxBytes))
}

/** The whole body in memory, for what is a statement. */
export async function readBody(body: Readable): Promise<Buffer> {
  try {
    return await buffer(body)
  } catch (error) {
    throw error instanceof InterfaceError ? error : brokenBody(error)
  }
}

export function brokenBody(error: unknown): InterfaceError {
  return new InterfaceError('CANNOT_DECOMPRESS', `The body cannot be read: ${(error as Error).message}.`)
}

/** `pipe` with errors that travel on: who reads the end sees them. */
function pipeTo(from: Readable, to: Transform): Transform {
  pipeline(from, to).catch(() => {})
  return to
}

function limit(maxBytes: number): Transform {
  let bytes = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      if (bytes > maxBytes)
        done(new InterfaceError('QUERY_IS_TOO_LARGE', `The body is over ${maxBytes} bytes.`))
      else done(null, chunk)
    },
  })
}
