import type { ListPosition } from '../cursor.ts'
import type { RunQuery } from '../query.ts'
import type { StoredBatch } from '../stored-batches.ts'
import { type EventRow, readEvents, selectColumns } from './event-columns.ts'
import type { Filter } from './filters.ts'
import { listQuery } from './list-upstream-errors.ts'

export interface BatchEventsRequest {
  readonly filters: readonly Filter[]
  readonly columns: readonly string[]
  readonly after: ListPosition | undefined
  readonly limit: number
}

/** Events of one batch that pass the filters, oldest first. */
export function eventsOfBatch(
  run: RunQuery,
  batch: StoredBatch,
  request: BatchEventsRequest,
): Promise<readonly EventRow[]> {
  const range = { fromMs: batch.minCreatedAtMs, toMs: batch.maxCreatedAtMs + 1 }
  return oldestFirst(run, request, range, 'batch_id = {batch_id:UUID}', { batch_id: batch.id })
}

/** Late events are at most this much older than their storing, here. */
const lateMs = 3_600_000
/** From the sidecar's receiving to its storing; also what may come twice. */
const overlapMs = 60_000

/** Events stored from about that moment on that pass the filters, oldest first: none is missed, some come again. */
export function eventsStoredSince(
  run: RunQuery,
  sinceMs: number,
  request: BatchEventsRequest,
): Promise<readonly EventRow[]> {
  const range = { fromMs: sinceMs - lateMs, toMs: Date.now() + lateMs }
  const condition = 'ingested_at >= fromUnixTimestamp64Milli({ingested_ms:Int64})'
  return oldestFirst(run, request, range, condition, { ingested_ms: sinceMs - overlapMs })
}

function oldestFirst(
  run: RunQuery,
  { filters, columns, after, limit }: BatchEventsRequest,
  range: { fromMs: number; toMs: number },
  condition: string,
  params: Readonly<Record<string, unknown>>,
): Promise<readonly EventRow[]> {
  const read = [...new Set(['event_id', 'created_at', ...columns])]
  const query = listQuery({ range, filters, columns, order: 'oldest', limit, after }, selectColumns(read), {
    sql: [condition],
    params,
  })
  return readEvents(run, query)
}
