import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { Readable, type Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createBrotliCompress, createDeflate, createGzip, createZstdCompress } from 'node:zlib'
import { type ClickHouseException, httpStatusOf, toException } from './exception.ts'
import { contentTypeOf } from './result-format.ts'
import type { EngineAnswer } from './run-statement.ts'

const encoders: Readonly<Record<string, () => Transform>> = {
  gzip: createGzip,
  zstd: createZstdCompress,
  br: createBrotliCompress,
  deflate: createDeflate,
}

export interface AnswerHead {
  readonly queryId: string
  readonly format: string
  readonly acceptEncoding: string
}

/**
 * Writes the answer as it comes. Its first piece is waited for, so that what fails until then gets a status of its own.
 * What fails later is told in the body, as ClickHouse does: an exception block between the tags that a header names,
 * and a chunked body without its end.
 * @throws what the engine threw before anything was sent.
 */
export async function writeAnswer(
  response: ServerResponse,
  answer: EngineAnswer,
  head: AnswerHead,
): Promise<void> {
  const chunks = answer.chunks[Symbol.asyncIterator]()
  const first = await chunks.next()
  const tag = randomBytes(8).toString('hex')
  const encoding = first.done === true ? undefined : chooseEncoding(head.acceptEncoding)
  response.writeHead(200, {
    'content-type': contentTypeOf(head.format),
    'x-clickhouse-query-id': head.queryId,
    'x-clickhouse-format': head.format,
    'x-clickhouse-exception-tag': tag,
    ...(answer.summary ? { 'x-clickhouse-summary': summaryText(answer.summary) } : {}),
    ...(first.done === true ? { 'content-length': 0 } : {}),
    ...(encoding ? { 'content-encoding': encoding } : {}),
  })
  let failed = false
  async function* pieces(): AsyncGenerator<Uint8Array> {
    try {
      for (let piece = first; piece.done !== true; piece = await chunks.next()) yield piece.value
    } catch (error) {
      failed = true
      yield exceptionBlock(toException(error), tag)
    } finally {
      await chunks.return?.()
    }
  }
  const source = Readable.from(pieces(), { objectMode: false })
  if (encoding) await pipeline(source, encoders[encoding]?.() as Transform, response, { end: false })
  else await pipeline(source, response, { end: false })
  if (failed) response.socket?.end()
  else response.end()
}

function chooseEncoding(accepted: string): string | undefined {
  const names = accepted.split(',').map((item) => item.split(';', 1)[0]?.trim().toLowerCase() ?? '')
  return Object.keys(encoders).find((encoding) => names.includes(encoding))
}

/** Rows read and written are left out: the embedded engine does not tell them. */
function summaryText(summary: NonNullable<EngineAnswer['summary']>): string {
  return JSON.stringify({
    result_rows: String(summary.resultRows),
    elapsed_ns: String(Math.round(summary.elapsedSeconds * 1e9)),
  })
}

/** https://clickhouse.com/docs/interfaces/http#http_response_codes_caveats */
function exceptionBlock({ message }: ClickHouseException, tag: string): Buffer {
  const text = `${message}\n`
  return Buffer.from(
    `\r\n__exception__\r\n${tag}\r\n${text}${Buffer.byteLength(text)} ${tag}\r\n__exception__\r\n`,
  )
}

export function writeException(
  response: ServerResponse,
  exception: ClickHouseException,
  queryId?: string,
): void {
  if (response.headersSent) return void response.destroy()
  const status = httpStatusOf(exception)
  response.writeHead(status, {
    'content-type': 'text/plain; charset=UTF-8',
    'x-clickhouse-exception-code': String(exception.code),
    ...(queryId === undefined ? {} : { 'x-clickhouse-query-id': queryId }),
    ...(status === 503 ? { 'retry-after': '1' } : {}),
  })
  response.end(`${exception.message}\n`)
}
