import type { ListPosition } from '../store/cursor.ts'
import type { EventRow } from '../store/queries/event-columns.ts'
import {
  type BatchEventsRequest,
  eventsOfBatch,
  eventsStoredSince,
} from '../store/queries/events-of-batch.ts'
import type { Filter } from '../store/queries/filters.ts'
import type { RunQuery } from '../store/query.ts'
import type { StoredBatches } from '../store/stored-batches.ts'
import { presentEvent } from './present-event.ts'
import { positionOf } from './routes/upstream-errors.ts'

/** The place of an event in the order of storing, as `Last-Event-ID` carries it. */
export interface TailPosition {
  readonly epoch: string
  readonly sequence: number
  readonly storedAtMs: number
  readonly event: ListPosition
}

export interface TailRequest {
  readonly table: string
  readonly filters: readonly Filter[]
  readonly columns: readonly string[]
  readonly from: TailPosition | undefined
  readonly heartbeatMs: number
}

const pageRows = 500
/** Where the order of storing is not known any more; beyond it the client is told to list. */
const maxReplayed = 5000
const retryMs = 2000

/**
 * The text of a stream of Server-Sent Events: one for each event as it is stored, comments as heartbeats, and `gap`
 * where events are left out. It reads on when the client has taken what was written, so a slow client holds one page.
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export async function* tailEvents(
  run: RunQuery,
  batches: StoredBatches,
  request: TailRequest,
  signal: AbortSignal,
): AsyncGenerator<string> {
  yield `retry: ${retryMs}\n\n`
  let sequence = batches.latest()
  let after: ListPosition | undefined
  const { from } = request
  if (from !== undefined && isKnown(batches, from)) {
    sequence = from.sequence - 1
    after = from.event
  } else if (from !== undefined) yield* replay(run, request, from)

  while (!signal.aborted) {
    const batch = batches.after(sequence)
    if (batch === undefined) {
      const stored = await batches.waitAfter(sequence, request.heartbeatMs, signal)
      if (!stored && !signal.aborted) yield ': heartbeat\n\n'
    } else if (batch === 'forgotten') {
      // The client is slower than the events, or was away for long.
      sequence = batches.latest()
      yield gap('events were stored faster than this client read them')
    } else {
      if (batch.table === request.table) {
        const read = (position: ListPosition | undefined) =>
          eventsOfBatch(run, batch, { ...request, after: position, limit: pageRows })
        for await (const event of allPages(read, after)) {
          const { epoch } = batches
          const id = encodeTailPosition({ ...batch, epoch, event: positionOf(event) })
          yield message(id, event, request.columns)
        }
      }
      after = undefined
      sequence = batch.sequence
    }
  }
}

/**
 * Whether sequences still mean what they meant to this client. One that was not written down when the machine lost its
 * power is given to another batch, which was stored at another time.
 */
function isKnown(batches: StoredBatches, { epoch, sequence, storedAtMs }: TailPosition): boolean {
  if (epoch !== batches.epoch || sequence < 1 || sequence > batches.latest()) return false
  const batch = batches.after(sequence - 1)
  return batch === 'forgotten' || batch?.storedAtMs === storedAtMs
}

/** What was stored since the client's last event, which another sidecar gave; the id stays until it is through. */
async function* replay(run: RunQuery, request: TailRequest, from: TailPosition): AsyncGenerator<string> {
  let sent = 0
  const read = (after: ListPosition | undefined) =>
    eventsStoredSince(run, from.storedAtMs, {
      ...request,
      after,
      limit: pageRows,
    } satisfies BatchEventsRequest)
  for await (const event of allPages(read, undefined)) {
    if (sent++ >= maxReplayed) {
      yield gap('more events were stored since than are sent again')
      return
    }
    yield message(encodeTailPosition(from), event, request.columns)
  }
}

async function* allPages(
  read: (after: ListPosition | undefined) => Promise<readonly EventRow[]>,
  first: ListPosition | undefined,
): AsyncGenerator<EventRow> {
  let after = first
  for (;;) {
    const rows = await read(after)
    yield* rows
    const last = rows.at(-1)
    if (rows.length < pageRows || last === undefined) return
    after = positionOf(last)
  }
}

function message(id: string, event: EventRow, columns: readonly string[]): string {
  return `id: ${id}\nevent: upstream_error\ndata: ${JSON.stringify(presentEvent(event, columns))}\n\n`
}

function gap(reason: string): string {
  return `event: gap\ndata: ${JSON.stringify({ reason, at: new Date().toISOString() })}\n\n`
}

export function encodeTailPosition({ epoch, sequence, storedAtMs, event }: TailPosition): string {
  return `${epoch}.${sequence}.${storedAtMs}.${event.createdAtMs}.${event.eventId}`
}

const positionPattern =
  /^([0-9a-f]{8})\.(\d{1,15})\.(\d{1,15})\.(\d{1,15})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/

/** Undefined for what `encodeTailPosition` did not make. */
export function decodeTailPosition(text: string): TailPosition | undefined {
  const [, epoch, sequence, storedAtMs, createdAtMs, eventId] = positionPattern.exec(text) ?? []
  if (epoch === undefined || eventId === undefined) return undefined
  return {
    epoch,
    sequence: Number(sequence),
    storedAtMs: Number(storedAtMs),
    event: { createdAtMs: Number(createdAtMs), eventId, attempt: 0 },
  }
}
