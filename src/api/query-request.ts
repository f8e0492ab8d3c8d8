import type { FastifyReply, FastifyRequest } from 'fastify'
import type { QueryResult, RunQuery, RunRestrictedQuery } from '../store/query.ts'
import { hangUpOf } from './hang-up.ts'

/**
 * The queries of one request: restricted to the namespaces of its token, ended when its client hangs up, and told in
 * `Server-Timing` with the time in ClickHouse, rows and bytes read, and the time waited for a reader. What the token may
 * use of the store is held against each of them; an answer that has begun is not broken off for that.
 */
export function queriesOf(run: RunRestrictedQuery, request: FastifyRequest, reply: FastifyReply): RunQuery {
  const { serviceNamespaces, tokenName } = request
  const { queryBudget } = request.server
  const total = { queries: 0, elapsedMs: 0, waitedMs: 0, rowsRead: 0, bytesRead: 0 }
  const runForRequest: RunQuery = async (query, signal = hangUpOf(reply)) => {
    const end = tokenName === '' ? () => {} : queryBudget.begin(tokenName, !reply.raw.headersSent)
    const startedAt = performance.now()
    let result: QueryResult<never> | undefined
    try {
      result = await run<never>({ ...query, serviceNamespaces }, signal)
    } finally {
      // Of a query that failed, all of its time: it was probably cut off for it.
      end(result?.elapsedMs ?? performance.now() - startedAt)
    }
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
  return Object.assign(runForRequest, { serviceNamespaces })
}
