import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ListRequest } from '../store/queries/list-upstream-errors.ts'
import { parquetQuery } from '../store/queries/parquet-query.ts'
import type { RestrictedReader } from '../store/query.ts'
import { followFile } from './follow-file.ts'
import { hangUpOf } from './hang-up.ts'

/** Left free for the journal when a file is written beside it. */
const minFreeDiskBytes = 2 ** 30

/** The file is sent while ClickHouse writes it: only the file grows, and no client is waited for. */
export async function sendParquet(
  reader: RestrictedReader,
  directory: string,
  request: ListRequest,
  http: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  await mkdir(directory, { recursive: true })
  const path = join(directory, `${randomUUID()}.parquet`)
  const stopped = new AbortController()
  const query = parquetQuery(request)
  const written = reader.writeParquet(
    { ...query, serviceNamespaces: http.serviceNamespaces },
    path,
    AbortSignal.any([hangUpOf(reply), stopped.signal]),
  )
  const bytes = followFile(path, {
    written,
    stop: (reason) => stopped.abort(reason),
    minFreeBytes: minFreeDiskBytes,
  })
  try {
    // Until something is written, a failure can still be told as one.
    const first = await bytes.next()
    return reply.send(Readable.from(withFirst(first, bytes, () => rm(path, { force: true }))))
  } catch (error) {
    await rm(path, { force: true })
    throw error
  }
}

async function* withFirst(
  first: IteratorResult<Buffer, void>,
  rest: AsyncGenerator<Buffer>,
  end: () => Promise<void>,
): AsyncGenerator<Buffer> {
  try {
    if (first.done) return
    yield first.value
    yield* rest
  } finally {
    await end()
  }
}
