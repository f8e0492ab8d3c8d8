import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Journal,
  type JournalAlarm,
  type JournalRecord,
  openJournal,
  type ReadLimits,
} from '../../src/journal/journal.ts'
import { createMemoryDisk, type MemoryDisk } from './memory-file-system.ts'
import { seededRandom } from './seeded-random.ts'

const segmentBytes = 12 * 1024
const maxBytes = 6 * segmentBytes
const maxRecordBytes = 6000

/** Without damage from outside, none of these may be raised. */
const unexpectedAlarms = [
  'sequence_gap',
  'segment_header_damaged',
  'segment_unreadable',
  'read_failed',
  'internal',
]

type Command =
  | { kind: 'append'; sizes: number[] }
  | { kind: 'crashDuring'; sizes: number[]; calls: number; crash: 'kill' | 'power' }
  | { kind: 'crash'; crash: 'kill' | 'power' }
  | { kind: 'crashWhileOpening'; calls: number; crash: 'kill' | 'power' }
  | { kind: 'restart' }
  | { kind: 'release'; share: number }
  | { kind: 'read'; share: number; maxRecords: number; maxBytes: number }
  | { kind: 'failWrites'; faults: ('short' | 'EIO' | 'ENOSPC')[] }
  | { kind: 'failSyncs'; count: number }
  | { kind: 'failReads'; count: number; whileOpening: boolean }
  /** What is left of the disk; undefined = more than enough. */
  | { kind: 'disk'; roomBytes: number | undefined }
  | { kind: 'clock'; byMs: number }

const sizes = fc.array(fc.oneof(fc.nat(200), fc.nat(maxRecordBytes)), { minLength: 1, maxLength: 8 })
const crash = fc.constantFrom('kill' as const, 'power' as const)
const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('append' as const), sizes }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('crashDuring' as const),
      sizes,
      calls: fc.integer({ min: 1, max: 25 }),
      crash,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), crash }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('crashWhileOpening' as const),
      calls: fc.integer({ min: 1, max: 40 }),
      crash,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('release' as const),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      maxRecords: fc.integer({ min: 1, max: 10 }),
      maxBytes: fc.nat(20_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('failWrites' as const),
      faults: fc.array(fc.constantFrom('short' as const, 'EIO' as const, 'ENOSPC' as const), {
        minLength: 1,
        maxLength: 3,
      }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('failSyncs' as const), count: fc.integer({ min: 1, max: 2 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('failReads' as const),
      count: fc.integer({ min: 1, max: 3 }),
      whileOpening: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('disk' as const),
      roomBytes: fc.oneof(fc.constantFrom(0, undefined), fc.nat(3 * segmentBytes)),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('clock' as const),
      byMs: fc.integer({ min: -10_000, max: 10_000 }),
    }),
  },
)

describe('the journal against a model', () => {
  it('keeps what it acknowledged, invents nothing and keeps order, whatever fails and whenever it crashes', async () => {
    let appended = 0
    let acknowledged = 0
    let crashes = 0
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.array(anyCommand, { maxLength: 25 }), async (seed, commands) => {
        const run = createRun(seed)
        await run.open()
        for (const command of commands) await run.execute(command)
        await run.checkAll()
        appended += run.payloads.length
        acknowledged += run.acknowledgedCount()
        crashes += run.crashes()
      }),
      { numRuns: Number(process.env.OPS_MODEL_RUNS ?? 300), endOnFailure: false },
    )
    expect(acknowledged).toBeGreaterThan(appended * 0.3)
    expect(crashes).toBeGreaterThan(0)
  }, 120_000)
})

function createRun(seed: number) {
  const random = seededRandom(seed)
  const disk: MemoryDisk = createMemoryDisk(random)
  const payloads: Buffer[] = []
  /** What must be found again, by sequence, until it is released. */
  const kept = new Map<number, Buffer>()
  const everAcknowledged = new Set<Buffer>()
  const alarms: JournalAlarm[] = []
  let nowMs = 1_000_000
  let released = 0
  let crashCount = 0
  let syncFaultsInjected = false
  let readFaultsInjected = false
  let journal: Journal

  async function open(): Promise<void> {
    const opened = await openJournal({
      directory: '/data/journal',
      segmentBytes,
      maxBytes,
      minFreeDiskBytes: 1000,
      maxRecordBytes,
      maxQueuedBytes: 30_000,
      maxCachedBytes: 10_000,
      fileSystem: disk.mount(),
      now: () => nowMs,
      onAlarm: (alarm) => alarms.push(alarm),
    })
    journal = opened.journal
    await journal.release(released)
    await checkAll()
  }

  function payloadOf(size: number): Buffer {
    const payload = Buffer.alloc(size, payloads.length % 251)
    payload.write(`${payloads.length}:`.slice(0, size))
    payloads.push(payload)
    return payload
  }

  async function append(recordSizes: readonly number[]): Promise<void> {
    await Promise.all(
      recordSizes.map(async (size) => {
        const payload = payloadOf(size)
        const result = await journal.append(payload)
        if (result.status !== 'durable') return
        expect(kept.has(result.sequence)).toBe(false)
        kept.set(result.sequence, payload)
        everAcknowledged.add(payload)
      }),
    )
    checkBounds()
  }

  function checkBounds() {
    const stats = journal.stats()
    // A segment that cannot be read counts as a whole one.
    if (!readFaultsInjected) expect(stats.diskBytes).toBeLessThanOrEqual(maxBytes)
    expect(stats.queuedBytes).toBe(0)
    const onDisk = disk.paths().filter((path) => !path.includes('quarantine'))
    expect(onDisk.reduce((sum, path) => sum + disk.content(path).length, 0)).toBeLessThanOrEqual(maxBytes)
    expect(stats.sequenceGaps).toBe(0)
    const allowed = readFaultsInjected ? ['read_failed', 'segment_unreadable'] : []
    const unexpected = unexpectedAlarms.filter((code) => !allowed.includes(code))
    expect(alarms.filter(({ code }) => unexpected.includes(code))).toEqual([])
  }

  function checkRecords(after: number, records: readonly JournalRecord[]) {
    let previous = after
    for (const { sequence, payload } of records) {
      expect(sequence).toBeGreaterThan(previous)
      previous = sequence
      const known = kept.get(sequence)
      if (known !== undefined) expect(known.equals(payload)).toBe(true)
      else expect(payloads.some((appended) => appended.equals(payload))).toBe(true)
    }
  }

  /** A disk that fails for a moment makes the reader come again, and nothing is given up. */
  async function readOrRepeat(after: number, limits: ReadLimits): Promise<readonly JournalRecord[]> {
    for (let attempt = 0; attempt < 4; attempt++) {
      try {
        return await journal.read(after, limits)
      } catch (error) {
        expect(error).toMatchObject({ code: 'EIO' })
        expect(readFaultsInjected).toBe(true)
      }
    }
    return journal.read(after, limits)
  }

  async function readAll(after: number): Promise<JournalRecord[]> {
    const all: JournalRecord[] = []
    while (true) {
      const last = all.at(-1)?.sequence ?? after
      const records = await readOrRepeat(last, { maxRecords: 7, maxBytes: 9000 })
      if (records.length === 0) return all
      checkRecords(last, records)
      all.push(...records)
    }
  }

  async function checkAll(): Promise<void> {
    const records = await readAll(released)
    const found = new Set(records.map(({ sequence }) => sequence))
    const lost = [...kept.keys()].filter((sequence) => sequence > released && !found.has(sequence))
    expect(lost).toEqual([])
    // What was found is durable from then on, unless recovery could not sync it, or not read it when it should have.
    const syncFailed = alarms.some(
      ({ code }) => code === 'recovery_sync_failed' || code === 'segment_unreadable',
    )
    if (!syncFaultsInjected && !syncFailed) {
      for (const { sequence, payload } of records) kept.set(sequence, Buffer.from(payload))
    }
    expect(journal.stats().nextSequence).toBeGreaterThan(Math.max(0, ...kept.keys()))
    checkBounds()
  }

  async function crashNow(kind: 'kill' | 'power') {
    crashCount++
    disk.crash(kind)
    await open()
  }

  async function execute(command: Command): Promise<void> {
    switch (command.kind) {
      case 'append':
        return append(command.sizes)
      case 'crashDuring': {
        const crashed = new Promise<'crashed'>((resolve) => {
          disk.crashAfter(command.calls, command.crash, () => resolve('crashed'))
        })
        if ((await Promise.race([append(command.sizes).then(() => 'done'), crashed])) === 'done')
          disk.crash(command.crash)
        crashCount++
        return open()
      }
      case 'crash':
        return crashNow(command.crash)
      case 'crashWhileOpening': {
        disk.crash(command.crash)
        const crashed = new Promise<'crashed'>((resolve) => {
          disk.crashAfter(command.calls, command.crash, () => resolve('crashed'))
        })
        if ((await Promise.race([open().then(() => 'opened'), crashed])) === 'opened')
          disk.crash(command.crash)
        crashCount++
        return open()
      }
      case 'restart':
        await journal.close()
        return open()
      case 'release':
        released = Math.max(released, Math.floor(command.share * journal.stats().durableSequence))
        await journal.release(released)
        return checkBounds()
      case 'read': {
        const after = Math.floor(command.share * journal.stats().nextSequence)
        const records = await readOrRepeat(Math.max(after, released), command)
        expect(records.length).toBeLessThanOrEqual(command.maxRecords)
        return checkRecords(Math.max(after, released), records)
      }
      case 'failWrites':
        return disk.failWrites(...command.faults)
      case 'failSyncs':
        syncFaultsInjected = true
        return disk.failSyncs(command.count)
      case 'disk':
        disk.capacityBytes = command.roomBytes === undefined ? 2 ** 40 : disk.usedBytes() + command.roomBytes
        return
      case 'failReads':
        readFaultsInjected = true
        if (command.whileOpening) await journal.close()
        disk.failReads(command.count)
        return command.whileOpening ? open() : checkAll()
      case 'clock':
        nowMs += command.byMs
    }
  }

  return {
    open,
    execute,
    checkAll,
    payloads,
    acknowledgedCount: () => everAcknowledged.size,
    crashes: () => crashCount,
  }
}
