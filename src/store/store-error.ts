import { OpsError } from '../errors.ts'
import { clickHouseCode } from './clickhouse-code.ts'

const timeouts = new Set(['159', '160'])
/** Unknown table or database: the migrations did not run yet. */
const notThereYet = new Set(['60', '81'])
const tooLarge = new Set(['241', '158', '307', '396'])
/**
 * Of MEMORY_LIMIT_EXCEEDED, which has one number for the limit of a query and for that of the store: only the text
 * tells them apart. Inserts, merges and other queries hold what the store has, so the same query may succeed a moment later.
 */
const storeIsFull = /\(total\) memory limit|memory limit \(total\)/i

/** The catalogue's error for what a query threw. ClickHouse's own text goes to the log as the cause only. */
export function storeError(error: unknown): OpsError {
  if (error instanceof OpsError) return error
  const code = clickHouseCode(error)
  if (code !== undefined) {
    if (timeouts.has(code)) return new OpsError('query_timeout', 'the query took too long', { cause: error })
    if (code === '241' && storeIsFull.test((error as Error).message))
      return new OpsError('overloaded', 'the store has no memory left for the query', { cause: error })
    if (tooLarge.has(code))
      return new OpsError('query_too_large', 'the query needs too much memory', { cause: error })
    if (notThereYet.has(code))
      return new OpsError('store_unavailable', 'the tables are not there yet', { cause: error })
    return new OpsError('internal', 'the store could not answer the query', { cause: error })
  }
  return new OpsError('store_unavailable', 'the store does not answer', { cause: error })
}
