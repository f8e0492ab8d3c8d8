import pino from 'pino'
import { describe, expect, it } from 'vitest'
import { createRecentEvents } from '../src/deduplication/recent-events.ts'
import { decodeRowRecord } from '../src/event/row-record.ts'
import type { SelectedEvent, Selection } from '../src/event/selected-event.ts'
import { createRowEncoder, upstreamErrorColumns, upstreamErrorTable } from '../src/event/tables.ts'
import type { UpstreamErrorEvent } from '../src/event/upstream-error-event.ts'
import type { AppendResult } from '../src/journal/journal.ts'
import { createMetrics } from '../src/metrics/metrics.ts'
import { createPipeline, type PipelineHops } from '../src/pipeline.ts'
import { event } from './support/rows.ts'

const body = new Uint8Array()

/** A pipeline whose selection is the named events; each hop can be replaced. */
function pipeline(names: readonly string[], hops: Partial<PipelineHops> = {}) {
  const metrics = createMetrics()
  const appended: Uint8Array[] = []
  const selection: Selection = {
    itemCount: names.length,
    eventCount: names.length + 3,
    selected: names.map(
      (name, itemIndex) => ({ name: 'ops.upstream_error', itemIndex, traceId: name }) as SelectedEvent,
    ),
  }
  const handle = createPipeline(
    {
      select: () => selection,
      normalize: (selected) => ({
        status: 'row',
        event: event(selected.traceId, 1000, { response_body: 'the answer', response_body_bytes: 10 }),
      }),
      redact: (row) => row,
      encode: createRowEncoder<UpstreamErrorEvent>(upstreamErrorTable, upstreamErrorColumns),
      recent: createRecentEvents(100),
      journal: {
        append: async (payload) => {
          appended.push(payload)
          return { status: 'durable', sequence: appended.length }
        },
      },
      maxRecordBytes: 1 << 20,
      pressure: () => 0,
      ackTimeoutMs: 1000,
      ...hops,
    },
    metrics,
    pino({ level: 'silent' }),
  )
  return { export: () => handle({ signal: 'traces', encoding: 'json', body }), metrics, appended }
}

async function counted(counter: { get(): Promise<{ values: { value: number }[] }> }): Promise<number> {
  return (await counter.get()).values.reduce((sum, { value }) => sum + value, 0)
}

describe('the pipeline', () => {
  it('accounts for every event: received = skipped + duplicate + pending', async () => {
    const { export: send, metrics } = pipeline(['a', 'b', 'a'])
    expect(await send()).toMatchObject({ status: 'accepted', rejectedItems: 0 })
    await send()
    expect(await counted(metrics.receivedEvents)).toBe(12)
    expect(await counted(metrics.skippedEvents)).toBe(6)
    expect(await counted(metrics.duplicateEvents)).toBe(4)
    expect(await counted(metrics.pendingEvents)).toBe(2)
  })

  it('counts nothing of a refused export as received, and takes it when it comes again', async () => {
    let refuse = true
    const { export: send, metrics } = pipeline(['a'], {
      journal: {
        append: async (): Promise<AppendResult> =>
          refuse ? { status: 'refused', reason: 'full' } : { status: 'durable', sequence: 1 },
      },
    })
    expect(await send()).toMatchObject({ status: 'refused', code: 'journal_full' })
    expect(await counted(metrics.receivedEvents)).toBe(0)
    refuse = false
    expect(await send()).toMatchObject({ status: 'accepted' })
    expect(await counted(metrics.pendingEvents)).toBe(1)
  })

  it('answers before the exporter gives up when the disk hangs, and finds the rows when they come again', async () => {
    let commit: (result: AppendResult) => void = () => {}
    const { export: send, metrics } = pipeline(['a'], {
      ackTimeoutMs: 20,
      journal: { append: () => new Promise((resolve) => (commit = resolve)) },
    })
    expect(await send()).toMatchObject({ status: 'refused', code: 'overloaded' })
    expect(await send()).toMatchObject({ status: 'refused', code: 'overloaded' })
    commit({ status: 'durable', sequence: 1 })
    expect(await send()).toMatchObject({ status: 'accepted' })
    expect(await counted(metrics.pendingEvents)).toBe(1)
    expect(await counted(metrics.duplicateEvents)).toBe(1)
  })

  it('splits an export over records that each fit the journal', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `row-${index}`)
    const { export: send, appended } = pipeline(names, { maxRecordBytes: 1000 })
    expect(await send()).toMatchObject({ status: 'accepted' })
    expect(appended.length).toBeGreaterThan(1)
    expect(appended.every((payload) => payload.length <= 1000)).toBe(true)
    expect(appended.flatMap((payload) => decodeRowRecord(payload))).toHaveLength(20)
  })

  it('drops bodies before it refuses exports when the journal fills up, and says so in the row', async () => {
    const rows: UpstreamErrorEvent[] = []
    const { export: send, metrics } = pipeline(['a'], {
      pressure: () => 0.8,
      encode: (row, signal) => {
        rows.push(row)
        return createRowEncoder<UpstreamErrorEvent>(upstreamErrorTable, upstreamErrorColumns)(row, signal)
      },
    })
    await send()
    expect(rows[0]).toMatchObject({ response_body: '', response_body_bytes: 10, request_id: 'a' })
    expect(rows[0]?.attributes.get('ops.shed')).toBe('bodies')
    expect(await counted(metrics.shedBodies)).toBe(1)
  })
})
