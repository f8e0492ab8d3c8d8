import type { FastifyReply, FastifyRequest } from 'fastify'
import type { RunQuery } from '../store/query.ts'

/**
 * The queries of one request: ended when its client hangs up, and told in `Server-Timing` with the time in ClickHouse,
 * rows and bytes read, and the time waited for a reader.
 */
export function queriesOf(run: RunQuery, request: FastifyRequest, reply: FastifyReply): RunQuery {
  const total = { queries: 0, elapsedMs: 0, waitedMs: 0, rowsRead: 0, bytesRead: 0 }
  return async (query, signal = request.signal) => {
    const result = await run<never>(query, signal)
    total.queries++
    total.elapsedMs += result.elapsedMs
    total.waitedMs += result.waitedMs
    total.rowsRead += result.rowsRead
    total.bytesRead += result.bytesRead
    const read = `queries=${total.queries} rows=${total.rowsRead} bytes=${total.bytesRead}`
    if (!reply.raw.headersSent)
      reply.header(
        'server-timing',
        `clickhouse;dur=${total.elapsedMs.toFixed(1)};desc="${read}", wait;dur=${total.waitedMs.toFixed(1)}`,
      )
    return result
  }
}
