import { describe, expect, it } from 'vitest'
import type { AppendResult } from '../../src/journal/journal.ts'
import { createDisk, diskWith, everything, openOn, segmentPaths } from './open-memory-journal.ts'

const sequenceOf = (result: AppendResult) => (result.status === 'durable' ? result.sequence : Number.NaN)

describe('append', () => {
  it('answers with increasing sequences, and records keep bytes, order and time', async () => {
    let nowMs = 1000
    const { append, journal } = await openOn(createDisk(), { now: () => nowMs })
    const first = await append('a')
    nowMs = 2000
    const second = await append('')
    expect(sequenceOf(second)).toBeGreaterThan(sequenceOf(first))
    const records = await journal.read(0, everything)
    expect(records.map(({ payload }) => Buffer.from(payload).toString())).toEqual(['a', ''])
    expect(records.map(({ appendedAtMs }) => appendedAtMs)).toEqual([1000, 2000])
  })

  it('commits what was appended together with one fdatasync', async () => {
    const disk = createDisk()
    const { append, journal } = await openOn(disk, { segmentBytes: 65536 })
    disk.calls = {}
    await Promise.all(Array.from({ length: 40 }, (_, index) => append(`record ${index}`)))
    expect(disk.calls).toEqual({ write: 1, datasync: 1 })
    expect(journal.stats().commits).toBe(1)
  })

  it('refuses a record that is too large, at once', async () => {
    const { append, journal } = await openOn(createDisk(), { maxRecordBytes: 10 })
    expect(await append('x'.repeat(11))).toEqual({ status: 'refused', reason: 'record_too_large' })
    expect(await append('x'.repeat(10))).toMatchObject({ status: 'durable' })
    expect(journal.stats().nextSequence).toBe(2)
  })

  it('refuses what would exceed the queue and takes more once that is committed', async () => {
    const { append, journal } = await openOn(createDisk(), { maxQueuedBytes: 100 })
    const waiting = [append('x'.repeat(60)), append('y'.repeat(40))]
    expect(journal.stats().queuedBytes).toBe(100)
    expect(await append('z')).toEqual({ status: 'refused', reason: 'queue_full' })
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual(['durable', 'durable'])
    expect(journal.stats().queuedBytes).toBe(0)
    expect(await append('z')).toMatchObject({ status: 'durable' })
  })

  it('refuses at the cap, never exceeds it, and goes on after a release', async () => {
    const disk = createDisk()
    const maxBytes = 4 * 8192
    const { append, journal, texts } = await openOn(disk, { maxBytes })
    const taken: string[] = []
    let last: AppendResult
    for (let index = 0; ; index++) {
      last = await append(`${index}`.padEnd(1000, '.'))
      expect(journal.stats().diskBytes).toBeLessThanOrEqual(maxBytes)
      if (last.status === 'refused') break
      taken.push(`${index}`.padEnd(1000, '.'))
    }
    expect(last).toMatchObject({ status: 'refused', reason: 'full' })
    expect(taken.length).toBe(4 * 3)
    expect(await texts()).toEqual(taken)
    await journal.release(3)
    expect(await append('after')).toMatchObject({ status: 'durable' })
    expect(await texts()).toEqual([...taken.slice(3), 'after'])
  })

  it('refuses below the disk reserve and goes on when space returns', async () => {
    const disk = createDisk()
    let nowMs = 0
    const { append } = await openOn(disk, { minFreeDiskBytes: 50_000, now: () => nowMs })
    disk.capacityBytes = 50_000
    nowMs += 1000
    expect(await append('a')).toEqual({ status: 'refused', reason: 'disk_reserve' })
    disk.capacityBytes = 200_000
    expect(await append('a')).toMatchObject({ status: 'durable' })
  })

  it('is refused after close, which commits what waits and may be called twice', async () => {
    const disk = createDisk()
    const { append, journal } = await openOn(disk)
    const waiting = append('last')
    await Promise.all([journal.close(), journal.close()])
    expect(await waiting).toMatchObject({ status: 'durable' })
    expect(await append('late')).toEqual({ status: 'refused', reason: 'closed' })
    expect(await (await openOn(disk)).texts()).toEqual(['last'])
  })
})

describe('read', () => {
  it('keeps to its limits, but always returns one record', async () => {
    const { append, journal } = await openOn(createDisk())
    for (const text of ['aaaa', 'bbbb', 'cccc']) await append(text)
    const sequences = async (limits: { maxRecords: number; maxBytes: number }) =>
      (await journal.read(0, limits)).map(({ sequence }) => sequence)
    expect(await sequences({ maxRecords: 2, maxBytes: 1000 })).toEqual([1, 2])
    expect(await sequences({ maxRecords: 9, maxBytes: 11 })).toEqual([1, 2])
    expect(await sequences({ maxRecords: 9, maxBytes: 1 })).toEqual([1])
    expect(await journal.read(3, everything)).toEqual([])
  })

  it('serves the latest records from memory and older ones from disk, the same', async () => {
    const disk = createDisk()
    const { append, texts } = await openOn(disk, { maxCachedBytes: 5000 })
    const all = Array.from({ length: 30 }, (_, index) => `${index}`.padEnd(1000, '.'))
    for (const text of all) await append(text)
    disk.calls = {}
    expect(await texts(28)).toEqual(all.slice(28))
    expect(disk.calls).toEqual({})
    for (let after = 0; after <= 30; after++) expect(await texts(after)).toEqual(all.slice(after))
    expect(disk.calls.open).toBeGreaterThan(0)
  })

  it('never returns a record before it is durable', async () => {
    const disk = createDisk()
    const fileSystem = disk.mount()
    let letSync: () => void = () => {}
    let syncing: Promise<void> | undefined
    const { append, texts, journal } = await openOn(disk, {
      maxCachedBytes: 0,
      fileSystem: {
        ...fileSystem,
        open: async (path, mode) => {
          const file = await fileSystem.open(path, mode)
          const datasync = async () => {
            await syncing
            await file.datasync()
          }
          return { ...file, datasync }
        },
      },
    })
    await append('durable')
    syncing = new Promise((resolve) => {
      letSync = resolve
    })
    const result = append('waiting')
    while ((disk.calls.write ?? 0) < 4) await new Promise(setImmediate)
    expect(await texts()).toEqual(['durable'])
    expect(journal.stats().durableSequence).toBe(1)
    letSync()
    expect(await result).toMatchObject({ status: 'durable' })
    expect(await texts()).toEqual(['durable', 'waiting'])
  })
})

describe('waitForRecords', () => {
  it('resolves at once if there is a record, else when there is one', async () => {
    const { append, journal } = await openOn(createDisk())
    const waiting = journal.waitForRecords(0, 60_000)
    await append('a')
    await waiting
    await journal.waitForRecords(0, 60_000)
    let woken = false
    const next = journal.waitForRecords(1, 60_000).then(() => {
      woken = true
    })
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(woken).toBe(false)
    await append('b')
    await next
  })

  it('resolves after the timeout and on close', async () => {
    const { journal } = await openOn(createDisk())
    await journal.waitForRecords(0, 5)
    const waiting = journal.waitForRecords(0, 60_000)
    await journal.close()
    await waiting
    await journal.waitForRecords(0, 60_000)
  })
})

describe('release', () => {
  it('deletes only segments without a record beyond it, while the disk is full too', async () => {
    const all = Array.from({ length: 9 }, (_, index) => `${index}`.padEnd(1900, '.'))
    const disk = await diskWith(all)
    const { journal, texts } = await openOn(disk)
    disk.capacityBytes = 0
    for (let upTo = 0; upTo <= 9; upTo++) {
      await journal.release(upTo)
      expect(await texts(upTo)).toEqual(all.slice(upTo))
    }
    expect(segmentPaths(disk).length).toBe(1)
    expect(journal.stats()).toMatchObject({ records: 0, segments: 1, releasedSequence: 9 })
  })

  it('beyond what is durable deletes nothing that comes later', async () => {
    const disk = createDisk()
    const { append, journal, texts } = await openOn(disk)
    await append('a')
    await journal.release(1000)
    await append('b')
    await journal.release(1)
    expect(await texts(1)).toEqual(['b'])
    expect(journal.stats()).toMatchObject({ records: 1, firstSequence: 2, releasedSequence: 1 })
  })

  it('tries again what could not be deleted', async () => {
    const disk = await diskWith(Array.from({ length: 6 }, () => '.'.repeat(1900)))
    const fileSystem = disk.mount()
    let broken = true
    const unlink = async (path: string) => {
      if (broken) throw Object.assign(new Error('EROFS'), { code: 'EROFS' })
      return fileSystem.unlink(path)
    }
    const { journal, alarms } = await openOn(disk, { fileSystem: { ...fileSystem, unlink } })
    await journal.release(6)
    expect(alarms.at(-1)).toMatchObject({ code: 'release_failed', cause: 'EROFS' })
    broken = false
    await journal.release(6)
    expect(segmentPaths(disk).length).toBe(1)
  })
})

describe('stats', () => {
  it('tell the backlog and the age of its oldest record', async () => {
    let nowMs = 1000
    const { append, journal } = await openOn(createDisk(), { now: () => nowMs })
    expect(journal.stats()).toMatchObject({ records: 0, firstSequence: 1, nextSequence: 1 })
    expect(journal.stats().oldestAppendedAtMs).toBeUndefined()
    for (const text of ['a', 'b', 'c']) {
      await append(text)
      nowMs += 1000
    }
    expect(journal.stats()).toMatchObject({
      records: 3,
      firstSequence: 1,
      oldestAppendedAtMs: 1000,
      commits: 3,
    })
    await journal.release(2)
    expect(journal.stats()).toMatchObject({
      records: 1,
      firstSequence: 3,
      oldestAppendedAtMs: 3000,
      writable: true,
    })
  })
})

describe('options', () => {
  it('that contradict each other are refused', async () => {
    const disk = createDisk()
    await expect(openOn(disk, { maxRecordBytes: 8192 })).rejects.toThrow(RangeError)
    await expect(openOn(disk, { maxBytes: 8192 })).rejects.toThrow(RangeError)
    await expect(openOn(disk, { segmentBytes: -1 })).rejects.toThrow(RangeError)
    expect(disk.paths()).toEqual([])
  })
})
