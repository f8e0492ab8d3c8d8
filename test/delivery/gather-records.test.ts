import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createGatherRecords, insertDueMs, type Pace } from '../../src/delivery/gather-records.ts'
import { type Journal, openJournal } from '../../src/journal/journal.ts'
import { smallJournal } from '../support/small-journal.ts'

let directory: string
let journal: Journal
const stopping = new AbortController()
const limits = { maxRows: 50, maxBytes: 1 << 16 }

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ops-gather-'))
  journal = (await openJournal({ directory, ...smallJournal })).journal
})
afterEach(async () => {
  await journal.close()
  await rm(directory, { recursive: true, force: true })
})

async function append(count = 1, bytes = 10): Promise<void> {
  for (let i = 0; i < count; i++) {
    expect(await journal.append(Buffer.alloc(bytes, 1))).toMatchObject({ status: 'durable' })
  }
}

function gatherer(pace: Pace) {
  return createGatherRecords(journal, limits, pace, stopping.signal)
}

/** Resolves to how long it took. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAtMs = performance.now()
  await work()
  return performance.now() - startedAtMs
}

describe('records are gathered', () => {
  it('at once after a quiet time, and then in the rhythm of the inserts', async () => {
    const gather = gatherer({ minWaitMs: 50, maxWaitMs: 1500 })
    await append()
    const beganAtMs = performance.now()
    const first = await gather(0)
    const firstAtMs = performance.now()
    expect(first.records.map(({ sequence }) => sequence)).toEqual([1])
    expect(firstAtMs - beganAtMs).toBeLessThan(1000)

    await append(3)
    const second = gather(1)
    await sleep(300)
    await append(2)
    expect((await second).records.map(({ sequence }) => sequence)).toEqual([2, 3, 4, 5, 6])
    expect(performance.now() - firstAtMs).toBeGreaterThanOrEqual(1490)
  })

  it.each([
    ['rows', () => append(51)],
    ['bytes', () => append(2, 1 << 15).then(() => append())],
  ])('as soon as they are a full batch in %s', async (_, fill) => {
    const gather = gatherer({ minWaitMs: 20_000, maxWaitMs: 20_000 })
    await append()
    const gathered = gather(0)
    await sleep(50)
    await fill()
    expect(await timed(() => gathered)).toBeLessThan(5000)
  })

  it('without waiting when the sidecar stops', async () => {
    const stop = new AbortController()
    const gather = createGatherRecords(journal, limits, { minWaitMs: 20_000, maxWaitMs: 20_000 }, stop.signal)
    await append()
    const gathered = gather(0)
    await sleep(50)
    stop.abort()
    expect((await gathered).records).toHaveLength(1)
  })

  it('not at all while there are none', async () => {
    const gather = gatherer({ minWaitMs: 0, maxWaitMs: 10 })
    expect(await gather(0)).toEqual({ records: [], durableSequence: 0 })
  })
})

it('an insert is due between the least and the longest wait, and not sooner than the rhythm unless a row waits too long', () => {
  const times = fc.record({
    minWaitMs: fc.nat(1000),
    more: fc.nat(60_000),
    oldestAtMs: fc.nat(1e6),
    lastBegunAtMs: fc.oneof(fc.nat(1e6), fc.constant(Number.NEGATIVE_INFINITY)),
  })
  fc.assert(
    fc.property(times, ({ minWaitMs, more, oldestAtMs, lastBegunAtMs }) => {
      const maxWaitMs = minWaitMs + more
      const due = insertDueMs({ minWaitMs, maxWaitMs }, oldestAtMs, lastBegunAtMs)
      expect(due).toBeGreaterThanOrEqual(oldestAtMs + minWaitMs)
      expect(due).toBeLessThanOrEqual(oldestAtMs + maxWaitMs)
      const inRhythm = Math.max(oldestAtMs + minWaitMs, lastBegunAtMs + maxWaitMs)
      expect(due === inRhythm || due === oldestAtMs + maxWaitMs).toBe(true)
    }),
  )
})
