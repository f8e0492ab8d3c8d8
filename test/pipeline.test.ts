import pino from 'pino'
import { describe, expect, it } from 'vitest'
import { createRecentEvents } from '../src/deduplication/recent-events.ts'
import { decodeRowRecord } from '../src/event/row-record.ts'
import { createRowEncoder, upstreamErrorColumns, upstreamErrorTable } from '../src/event/tables.ts'
import type { UpstreamErrorEvent } from '../src/event/upstream-error-event.ts'
import type { AppendResult } from '../src/journal/journal.ts'
import { createMetrics } from '../src/metrics/metrics.ts'
import { createPipeline, type PipelineHops } from '../src/pipeline.ts'
import { event } from './support/rows.ts'

const body = new Uint8Array()

const encode = createRowEncoder<UpstreamErrorEvent>(upstreamErrorTable, upstreamErrorColumns)

/** A pipeline whose exports decode to the named events and three others; each hop can be replaced. */
function pipeline(names: readonly string[], hops: Partial<PipelineHops> = {}) {
  const metrics = createMetrics()
  const appended: Uint8Array[] = []
  let released = 0
  const releaseBody = () => {
    released++
  }
  const handle = createPipeline(
    {
      decode: () => ({
        itemCount: names.length,
        eventCount: names.length + 3,
        selectedCount: names.length,
        rows: names.map((name) => encode(event(name, 1000), 'traces')),
        releaseRows: () => {},
        rejected: [],
        shedCount: 0,
      }),
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
  return {
    export: () =>
      handle({ signal: 'traces', encoding: 'json', body, releaseBody, serviceNamespaces: undefined }),
    metrics,
    appended,
    released: () => released,
  }
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

  it('gives the body back when it is decoded, before the disk answers', async () => {
    let releasedAtAppend = 0
    const hops = pipeline(['a'], {
      journal: {
        append: async (): Promise<AppendResult> => {
          releasedAtAppend = hops.released()
          return { status: 'durable', sequence: 1 }
        },
      },
    })
    await hops.export()
    expect([releasedAtAppend, hops.released()]).toEqual([1, 1])
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

  it('has copied the rows, and their ids, when it gives their memory back', async () => {
    const names = ['a', 'b', 'a', 'c']
    const rows = names.map((name) => encode(event(name, 1000), 'traces'))
    const expected = [0, 1, 3].map((position) => Buffer.from(rows[position]?.bytes ?? []))
    const decode = () => {
      const copies = rows.map((row) => {
        const bytes = Buffer.from(row.bytes)
        return { ...row, bytes, eventId: bytes.subarray(0, 16) }
      })
      const releaseRows = () => {
        for (const { bytes } of copies) bytes.fill(0xff)
      }
      return {
        itemCount: 4,
        eventCount: 4,
        selectedCount: 4,
        rows: copies,
        releaseRows,
        rejected: [],
        shedCount: 0,
      }
    }
    const { export: send, appended, metrics } = pipeline(names, { decode, maxRecordBytes: 400 })
    expect(await send()).toMatchObject({ status: 'accepted' })
    expect(appended.length).toBeGreaterThan(1)
    const durable = appended.flatMap((payload) => decodeRowRecord(payload))
    expect(durable.map(({ bytes }) => Buffer.from(bytes))).toEqual(expected)
    await send()
    expect(await counted(metrics.pendingEvents)).toBe(3)
    expect(await counted(metrics.duplicateEvents)).toBe(5)
  })

  it('has bodies left out when the journal fills up, before it refuses exports', async () => {
    const asked: boolean[] = []
    for (const pressure of [0.7, 0.8]) {
      const { export: send, metrics } = pipeline([], {
        pressure: () => pressure,
        decode: (_signal, _encoding, _body, withoutBodies) => {
          asked.push(withoutBodies)
          return {
            itemCount: 1,
            eventCount: 1,
            selectedCount: 1,
            rows: [],
            releaseRows: () => {},
            rejected: [],
            shedCount: Number(withoutBodies),
          }
        },
      })
      await send()
      expect(await counted(metrics.shedBodies)).toBe(Number(pressure > 0.75))
    }
    expect(asked).toEqual([false, true])
  })
})
