import { randomUUID } from 'node:crypto'
import { appendFile, mkdir, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createRecentEvents } from '../../src/deduplication/recent-events.ts'
import { type Checkpoint, readCheckpoint } from '../../src/delivery/checkpoint.ts'
import { deadLetterPath, readDeadLetters, writeDeadLetters } from '../../src/delivery/dead-letter.ts'
import { type Delivery, startDelivery } from '../../src/delivery/deliver.ts'
import { toBatch } from '../../src/delivery/freeze-cycle.ts'
import { requestRetry } from '../../src/delivery/retry-dead-letters.ts'
import type { DeliveryStore } from '../../src/delivery/store-port.ts'
import { encodeRowRecord } from '../../src/event/row-record.ts'
import type { EncodedRow } from '../../src/event/tables.ts'
import { type Journal, openJournal } from '../../src/journal/journal.ts'
import { createMetrics, type Metrics } from '../../src/metrics/metrics.ts'
import { rollups } from '../../src/store/rollups.ts'
import { eventually } from '../support/eventually.ts'
import { row } from '../support/rows.ts'
import { smallJournal } from '../support/small-journal.ts'
import { openTestStore, type TestStore } from '../support/store.ts'

let store: TestStore
let journal: Journal
let directory: string
let metrics: Metrics

beforeAll(async () => {
  store = await openTestStore()
})
afterAll(() => store.close())

beforeEach(async () => {
  for (const table of ['ops_upstream_error_events', 'ops_upstream_error_counts']) {
    await store.clients.writer.command({ query: `TRUNCATE TABLE ${table}` })
  }
  directory = join(store.directory, `run-${randomUUID()}`)
  journal = await reopenJournal()
  metrics = createMetrics()
})

afterEach(() => journal.close())

async function reopenJournal(): Promise<Journal> {
  return (await openJournal({ directory: join(directory, 'journal'), ...smallJournal })).journal
}

async function append(...rows: EncodedRow[]): Promise<void> {
  expect(await journal.append(encodeRowRecord(rows))).toMatchObject({ status: 'durable' })
}

async function deliver(
  over: DeliveryStore,
  limits = { maxRows: 100, maxBytes: 1 << 20 },
  recent = createRecentEvents(1000),
): Promise<Delivery> {
  const checkpointPath = join(directory, 'journal', 'checkpoint.json')
  const checkpoint: Checkpoint = (await readCheckpoint(checkpointPath)) ?? {
    version: 1,
    delivered: 0,
    frozen: null,
  }
  recent.raiseHorizon(Number.POSITIVE_INFINITY)
  return startDelivery({
    journal,
    store: over,
    recent,
    checkpointPath,
    checkpoint,
    recoveredUpTo: journal.stats().durableSequence,
    prepare: async () => Date.now() - 60_000,
    deadLetterDirectory: join(directory, 'dead-letter'),
    limits,
    pace: { minWaitMs: 10, maxWaitMs: 10 },
    metrics,
    log: pino({ level: 'silent' }),
  })
}

/** Names of the stored rows, sorted; the raw table and every rollup must agree on their number. */
async function stored(): Promise<string[]> {
  const rows = await store.rows<{ request_id: string }>(
    'SELECT request_id FROM ops_upstream_error_events ORDER BY request_id',
  )
  for (const rollup of rollups) {
    const [sum] = await store.rows<{ events: number | string | null }>(
      `SELECT sum(events) AS events FROM ${rollup.table} WHERE rollup_name = '${rollup.name}'`,
    )
    expect([rollup.name, Number(sum?.events ?? 0)]).toEqual([rollup.name, rows.length])
  }
  return rows.map(({ request_id }) => request_id)
}

/** The real store, with some calls going wrong. */
function faulty(faults: Partial<DeliveryStore>): DeliveryStore {
  return { ...store.delivery, ...faults }
}

/** Runs the work while the table refuses rows whose name begins with `poison`. */
async function refusingPoison(work: () => Promise<void>): Promise<void> {
  const alter = 'ALTER TABLE ops_upstream_error_events'
  await store.clients.writer.command({
    query: `${alter} ADD CONSTRAINT no_poison CHECK NOT startsWith(request_id, 'poison')`,
  })
  try {
    await work()
  } finally {
    await store.clients.writer.command({ query: `${alter} DROP CONSTRAINT no_poison` })
  }
}

/** The event counters of this test by their short names. */
async function counterSums(): Promise<Record<string, number>> {
  const sums: Record<string, number> = {}
  for (const { name, values } of await metrics.registry.getMetricsAsJSON()) {
    const short = /^ops_events_(.*?)(_total)?$/.exec(name)?.[1]
    if (short) sums[short] = values.reduce((sum, { value }) => sum + Number(value), 0)
  }
  return sums
}

describe('dead letters', () => {
  it('are read whole although an earlier write was cut short', async () => {
    const deadLetters = join(directory, 'dead-letter')
    await writeDeadLetters(deadLetters, [{ row: row('a'), reason: 'first' }])
    await appendFile(deadLetterPath(deadLetters), '{"at":"2026')
    await writeDeadLetters(deadLetters, [{ row: row('b'), reason: 'second' }])
    const letters = await readDeadLetters(deadLetterPath(deadLetters))
    expect(letters.map(({ reason }) => reason)).toEqual(['first', 'second'])
  })
})

describe('delivery', () => {
  it('stores rows of several partitions, each batch within one, and releases the journal', async () => {
    const weekMs = 7 * 86_400_000
    const now = Date.now()
    await append(row('a', now), row('b', now - weekMs), row('c', now))
    await append(row('d', now - 2 * weekMs))
    const delivery = await deliver(store.delivery)
    await eventually(async () => expect(await stored()).toEqual(['a', 'b', 'c', 'd']))
    await eventually(async () => expect(journal.stats().records).toBe(0))
    const batches = await store.rows<{ parts: number | string }>(
      'SELECT uniq(toMonday(created_at)) AS parts FROM ops_upstream_error_events GROUP BY batch_id',
    )
    expect(batches.map(({ parts }) => Number(parts))).toEqual([1, 1, 1])
    await delivery.stop(1000)
  })

  it('stores once when the answer of an insert that worked is lost', async () => {
    let lost = 0
    const delivery = await deliver(
      faulty({
        async insert(batch, token) {
          const result = await store.delivery.insert(batch, token)
          return lost++ === 0 ? { status: 'unknown', reason: 'answer lost' } : result
        },
      }),
    )
    await append(row('a'), row('b'))
    await eventually(async () => expect(delivery.status().delivered).toBe(1))
    expect(await stored()).toEqual(['a', 'b'])
    await delivery.stop(1000)
  })

  it('stores what doubtful inserts did not, also when the engine remembers their tokens and lost the rows', async () => {
    let calls = 0
    const delivery = await deliver(
      faulty({
        async insert(batch, token) {
          // Lost: the first attempt, and, after its vain repetition, what was missing.
          if (++calls === 2 || calls > 3) return store.delivery.insert(batch, token)
          // The engine notes the token, then the rows and their counts are gone.
          const result = await store.delivery.insert(batch, token)
          for (const table of ['ops_upstream_error_events', 'ops_upstream_error_counts']) {
            await store.clients.writer.command({
              query: `ALTER TABLE ${table} DELETE WHERE 1 SETTINGS mutations_sync = 2`,
            })
          }
          return calls === 1 ? { status: 'unknown', reason: 'killed' } : result
        },
      }),
    )
    await append(row('a'), row('b'))
    await eventually(async () => expect(delivery.status().delivered).toBe(1))
    expect(await stored()).toEqual(['a', 'b'])
    await delivery.stop(1000)
  })

  it('stores rows that were missing once, also when an earlier insert of them comes late', async () => {
    const rows = [row('a'), row('b'), row('c')]
    let calls = 0
    let late = async (): Promise<unknown> => undefined
    const delivery = await deliver(
      faulty({
        async insert(batch, token) {
          calls++
          if (calls > 2) return store.delivery.insert(batch, token)
          if (calls === 1) await store.delivery.insert(toBatch(batch.id, rows.slice(0, 1)), 'a part of it')
          else late = () => store.delivery.insert(batch, token)
          return { status: 'unknown', reason: 'no answer in time' }
        },
      }),
    )
    await append(...rows)
    await eventually(async () => expect(delivery.status().delivered).toBe(1))
    expect(await late()).toEqual({ status: 'stored' })
    expect(await stored()).toEqual(['a', 'b', 'c'])
    await delivery.stop(1000)
  })

  it('brings the rollups in line when an insert ended between the rows and their counts', async () => {
    let calls = 0
    const delivery = await deliver(
      faulty({
        async insert(batch, token) {
          const result = await store.delivery.insert(batch, token)
          if (calls++ > 0) return result
          await store.clients.writer.command({ query: 'TRUNCATE TABLE ops_upstream_error_counts' })
          return { status: 'unknown', reason: 'killed' }
        },
      }),
    )
    await append(row('a'), row('b'), row('c', Date.now(), { platform: 'gemini' }))
    await eventually(async () => expect(delivery.status().delivered).toBe(1))
    expect(await stored()).toEqual(['a', 'b', 'c'])
    await delivery.stop(1000)
  })

  it('makes the frozen batches again after a crash and stores each row once', async () => {
    await append(row('a'), row('b'), row('c'))
    const crashing = await deliver(
      faulty({
        async insert(batch, token) {
          await store.delivery.insert(batch, token)
          return { status: 'unknown', reason: 'crash' }
        },
        waitUntilDead: () => Promise.reject(new Error('crash')),
      }),
      { maxRows: 2, maxBytes: 1 << 20 },
    )
    await eventually(async () => expect((await stored()).length).toBe(2))
    await crashing.stop(0)
    await journal.close()

    journal = await reopenJournal()
    await append(row('d'))
    const delivery = await deliver(store.delivery, { maxRows: 50, maxBytes: 1 << 20 })
    await eventually(async () => expect(delivery.status().delivered).toBe(2))
    expect(await stored()).toEqual(['a', 'b', 'c', 'd'])
    await delivery.stop(1000)
  })

  it('leaves out rows that the store has already, or that the journal has twice', async () => {
    const now = Date.now()
    await append(row('a', now))
    const first = await deliver(store.delivery)
    await eventually(async () => expect(first.status().delivered).toBe(1))
    await first.stop(1000)
    await append(row('a', now), row('b', now), row('b', now))
    const second = await deliver(store.delivery)
    await eventually(async () => expect(second.status().delivered).toBe(2))
    expect(await stored()).toEqual(['a', 'b'])
    expect((await metrics.duplicateEvents.get()).values[0]?.value).toBe(2)
    await second.stop(1000)
  })

  it('stores once what is sent again while the backlog with its first copy waits', async () => {
    const now = Date.now()
    await append(row('a', now))
    await append(row('b', now))
    const recent = createRecentEvents(1000)
    let sentAgain = false
    const delivery = await deliver(
      faulty({
        async insert(batch, token) {
          if (!sentAgain) {
            sentAgain = true
            // Its first copy is in the journal, but was not read yet.
            const claim = recent.claim([row('b', now)])
            expect(claim.rows.length).toBe(1)
            await append(...claim.rows)
            claim.settle()
          }
          return store.delivery.insert(batch, token)
        },
      }),
      { maxRows: 1, maxBytes: 1 << 20 },
      recent,
    )
    await eventually(async () => expect(delivery.status().delivered).toBe(3))
    expect(await stored()).toEqual(['a', 'b'])
    await delivery.stop(1000)
  })

  it('stores once what was claimed, but not yet written, when the last of the backlog became known', async () => {
    const now = Date.now()
    await append(row('a', now))
    const recent = createRecentEvents(1000)
    const claim = recent.claim([row('a', now)])
    const delivery = await deliver(store.delivery, { maxRows: 1, maxBytes: 1 << 20 }, recent)
    await new Promise((resolve) => setTimeout(resolve, 300))
    await append(...claim.rows)
    claim.settle()
    await eventually(async () => expect(delivery.status().delivered).toBe(2))
    expect(await stored()).toEqual(['a'])
    await delivery.stop(1000)
  })

  it('counts each row once when the end of a cycle cannot be written down', async () => {
    const blocked = join(directory, 'journal', 'checkpoint.next')
    let inserted = 0
    const delivery = await deliver(
      faulty({
        async insert(batch, token) {
          inserted++
          await mkdir(blocked)
          return store.delivery.insert(batch, token)
        },
      }),
    )
    await append(row('a'), row('b'))
    await eventually(async () => expect(delivery.status().failure).toContain('EISDIR'))
    await rm(blocked, { recursive: true })
    await eventually(async () => expect(delivery.status().delivered).toBe(1))
    expect(await stored()).toEqual(['a', 'b'])
    expect(inserted).toBe(1)
    expect((await metrics.storedEvents.get()).values[0]?.value).toBe(2)
    await delivery.stop(1000)
  })

  it('puts rows that the store refuses aside, with the reason, and stores their neighbours', async () => {
    await refusingPoison(async () => {
      const names = Array.from({ length: 20 }, (_, index) =>
        index === 7 || index === 13 ? `poison-${index}` : `ok-${index}`,
      )
      await append(...names.map((name) => row(name)))
      const delivery = await deliver(store.delivery)
      await eventually(async () => expect(delivery.status().delivered).toBe(1))
      expect(await stored()).toEqual(names.filter((name) => name.startsWith('ok')).toSorted())
      const letters = await readDeadLetters(deadLetterPath(join(directory, 'dead-letter')))
      expect(letters.map(({ reason }) => reason)).toEqual([
        expect.stringContaining('no_poison'),
        expect.stringContaining('no_poison'),
      ])
      expect((await metrics.deadLetteredEvents.get()).values[0]?.value).toBe(2)
      expect((await metrics.storedEvents.get()).values[0]?.value).toBe(18)
      await delivery.stop(1000)
    })
  })

  it('counts refused rows once when their file could not be written at first', async () => {
    const blocked = deadLetterPath(join(directory, 'dead-letter'))
    await mkdir(blocked, { recursive: true })
    await refusingPoison(async () => {
      await append(row('a'), row('poison-1'), row('poison-2'))
      const delivery = await deliver(store.delivery)
      await eventually(async () => expect(delivery.status().failure).toContain('EISDIR'))
      await rm(blocked, { recursive: true })
      await eventually(async () => expect(delivery.status().delivered).toBe(1))
      expect((await metrics.deadLetteredEvents.get()).values[0]?.value).toBe(2)
      expect((await metrics.storedEvents.get()).values[0]?.value).toBe(1)
      expect((await readDeadLetters(blocked)).length).toBe(2)
      expect(await stored()).toEqual(['a'])
      await delivery.stop(1000)
    })
  })

  it('stores each row once when the store goes away while refused rows are looked for, and then takes them', async () => {
    let calls = 0
    const delivery = await deliver(
      faulty({
        async insert(batch, token) {
          calls++
          if (calls === 1) return { status: 'refused', reason: 'one row is bad' }
          // The first half is stored, then nobody answers; later the store takes what it refused before.
          if (calls === 3) return { status: 'not_stored', reason: 'away' }
          return store.delivery.insert(batch, token)
        },
      }),
    )
    await append(row('a'), row('b'), row('c'), row('d'))
    await eventually(async () => expect(delivery.status().delivered).toBe(1))
    expect(await stored()).toEqual(['a', 'b', 'c', 'd'])
    await delivery.stop(1000)
  })

  it('stores once what is beside a refused row, also when the first insert of it comes late', async () => {
    await refusingPoison(async () => {
      const late: (() => Promise<unknown>)[] = []
      const delivery = await deliver(
        faulty({
          async insert(batch, token) {
            // The halves that hold no refused row get no answer the first time, and come when all is over.
            const isLate = batch.rowCount === 2 && late.length === 0
            if (!isLate) return store.delivery.insert(batch, token)
            late.push(() => store.delivery.insert(batch, token))
            return { status: 'unknown', reason: 'no answer in time' }
          },
        }),
      )
      await append(row('a'), row('b'), row('c'), row('poison-1'))
      await eventually(async () => expect(delivery.status().delivered).toBe(1))
      expect(late).toHaveLength(1)
      await late[0]?.()
      expect(await stored()).toEqual(['a', 'b', 'c'])
      expect(await readDeadLetters(deadLetterPath(join(directory, 'dead-letter')))).toHaveLength(1)
      await delivery.stop(1000)
    })
  })

  it('stores what is beside a refused row when the store noted the insert of it and lost its rows', async () => {
    await refusingPoison(async () => {
      const noted = new Set<string>()
      const delivery = await deliver(
        faulty({
          async insert(batch, token) {
            if (batch.rowCount !== 2) return store.delivery.insert(batch, token)
            if (noted.has(token)) return { status: 'stored' }
            if (noted.size > 0) return store.delivery.insert(batch, token)
            noted.add(token)
            return { status: 'stored' }
          },
        }),
      )
      await append(row('a'), row('b'), row('c'), row('poison-1'))
      await eventually(async () => expect(delivery.status().delivered).toBe(1))
      expect(await stored()).toEqual(['a', 'b', 'c'])
      await delivery.stop(1000)
    })
  })

  it('does not put a row aside that was stored before its insert was refused, and counts it in the rollups', async () => {
    let calls = 0
    const delivery = await deliver(
      faulty({
        async insert(batch, token) {
          await store.delivery.insert(batch, token)
          if (calls++ === 0)
            await store.clients.writer.command({ query: 'TRUNCATE TABLE ops_upstream_error_counts' })
          return { status: 'refused', reason: 'from a rollup' }
        },
      }),
    )
    await append(row('a'), row('b'))
    await eventually(async () => expect(delivery.status().delivered).toBe(1))
    expect(await stored()).toEqual(['a', 'b'])
    expect(await readDeadLetters(deadLetterPath(join(directory, 'dead-letter')))).toEqual([])
    await delivery.stop(1000)
  })

  it('delivers dead letters again while it runs, each once, also when a request for it was cut short', async () => {
    const deadLetters = join(directory, 'dead-letter')
    const poison = [row('poison-1'), row('poison-2')]
    let delivery = await deliver(store.delivery)
    await refusingPoison(async () => {
      await append(row('a'), ...poison)
      await eventually(async () => expect(delivery.status().delivered).toBe(1))
    })
    expect(await requestRetry(deadLetters)).toBe(2)
    await eventually(async () => expect(await stored()).toEqual(['a', 'poison-1', 'poison-2']))
    expect(await requestRetry(deadLetters)).toBe(0)
    expect(await counterSums()).toMatchObject({ recovered: 2, stored: 3, dead_lettered: 2 })
    // As if the process had died when the rows were in the journal, before the file got its last name.
    await delivery.stop(1000)
    await writeDeadLetters(
      deadLetters,
      poison.map((item) => ({ row: item, reason: 'again' })),
    )
    await requestRetry(deadLetters)
    delivery = await deliver(store.delivery)
    await eventually(async () => expect(await counterSums()).toMatchObject({ duplicate: 2 }))
    expect(await stored()).toEqual(['a', 'poison-1', 'poison-2'])
    expect((await readdir(deadLetters)).filter((name) => name.startsWith('retried-')).length).toBe(2)
    await delivery.stop(1000)
  })

  // Whether the last commit was acknowledged cannot be told: its damage is reported, as bytes in quarantine.
  it('goes past records at the end of the journal that cannot be read any more', async () => {
    await append(row('a'))
    await append(row('b'))
    await journal.close()
    journal = await reopenJournal()
    const folder = join(directory, 'journal')
    const [segment = ''] = (await readdir(folder)).filter((name) => name.endsWith('.segment')).sort()
    const file = await open(join(folder, segment), 'r+')
    await file.write(Buffer.alloc(20, 0xff), 0, 20, (await file.stat()).size - 20)
    await file.close()
    const delivery = await deliver(store.delivery)
    await eventually(async () => expect(delivery.status().delivered).toBe(2))
    expect(await stored()).toEqual(['a'])
    expect(journal.stats()).toMatchObject({ quarantinedFrames: 1, records: 0 })
    await append(row('c'))
    await eventually(async () => expect(await stored()).toEqual(['a', 'c']))
    await delivery.stop(1000)
  })

  it('counts events as lost whose record was damaged while it ran, so that the counters add up', async () => {
    const whole = journal
    const isDamaged = (sequence: number) => sequence > 1
    journal = {
      ...whole,
      read: async (after, limits) =>
        (await whole.read(after, limits)).filter(({ sequence }) => !isDamaged(sequence)),
      stats: () => ({ ...whole.stats(), sequenceGaps: Math.max(0, whole.stats().durableSequence - 1) }),
    }
    const delivery = await deliver(store.delivery)
    for (const name of ['a', 'b', 'c']) {
      metrics.receivedEvents.inc({ signal: 'traces' })
      metrics.pendingEvents.inc({ signal: 'traces' })
      await append(row(name))
    }
    await eventually(async () => expect(delivery.status().delivered).toBe(3))
    expect(await counterSums()).toMatchObject({ received: 3, stored: 1, lost: 2, pending: 0 })
    await delivery.stop(1000)
  })

  it('keeps trying while the store is away, says why, and goes on when it is back', async () => {
    let away = true
    const delivery = await deliver(
      faulty({
        insert: (batch, token) =>
          away
            ? Promise.resolve({ status: 'not_stored', reason: 'connection refused' })
            : store.delivery.insert(batch, token),
      }),
    )
    await append(row('a'))
    await eventually(async () => expect(delivery.status().failure).toBe('connection refused'))
    away = false
    await eventually(async () =>
      expect(delivery.status()).toMatchObject({ delivered: 1, failure: undefined }),
    )
    expect(await stored()).toEqual(['a'])
    await delivery.stop(1000)
  })

  it('empties the journal when it is stopped with time, and leaves the rest there without', async () => {
    const slow = await deliver(faulty({ insert: async () => ({ status: 'not_stored', reason: 'away' }) }))
    await append(row('a'))
    await slow.stop(50)
    expect(journal.stats().records).toBe(1)
    const delivery = await deliver(store.delivery)
    await append(row('b'))
    await delivery.stop(10_000)
    expect(await stored()).toEqual(['a', 'b'])
    expect(journal.stats().records).toBe(0)
  })
})
