import type { ListPosition } from '../store/cursor.ts'
import type { EventRow } from '../store/queries/event-columns.ts'
import { type ListRequest, listUpstreamErrors } from '../store/queries/list-upstream-errors.ts'
import type { RunQuery } from '../store/query.ts'
import { positionOf } from './routes/upstream-errors.ts'

/** How far an export came. */
export interface ExportProgress {
  rows: number
  /** After its last event, while there are more. */
  next: ListPosition | undefined
}

export type ExportRequest = Omit<ListRequest, 'limit' | 'class'> & {
  readonly pageRows: number
  /** Of the whole export. */
  readonly maxRows: number
}

/**
 * The pages of an export, one in memory at a time: the next one is read when the consumer asks for it. `progress` is
 * kept up to date.
 */
export async function* exportPages(
  run: RunQuery,
  request: ExportRequest,
  progress: ExportProgress,
): AsyncGenerator<readonly EventRow[]> {
  const { pageRows, maxRows, ...list } = request
  let after = request.after
  while (progress.rows < maxRows) {
    const limit = Math.min(pageRows, maxRows - progress.rows)
    const page = await listUpstreamErrors(run, { ...list, after, limit, class: 'export' })
    const last = page.events.at(-1)
    after = last && positionOf(last)
    progress.rows += page.events.length
    progress.next = page.more ? after : undefined
    if (page.events.length > 0) yield page.events
    if (!page.more) return
  }
}
