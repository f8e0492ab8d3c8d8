import { describe, expect, it } from 'vitest'
import type { MemoryDisk } from './memory-file-system.ts'
import { createDisk, directory, diskWith, everything, openOn, segmentPaths } from './open-memory-journal.ts'

describe('a commit that fails', () => {
  for (const [name, fail, cause, reason] of [
    ['short write', 'short', 'SHORT_WRITE', 'failed'],
    ['EIO on write', 'EIO', 'EIO', 'failed'],
    ['ENOSPC on write', 'ENOSPC', 'ENOSPC', 'disk_reserve'],
    ['EIO on fdatasync', 'sync', 'EIO', 'failed'],
  ] as const) {
    it(`(${name}) is not acknowledged, poisons its segment, and the next goes to a new one`, async () => {
      const disk = createDisk()
      const { append, texts, alarms, journal } = await openOn(disk)
      await append('before')
      const [poisoned] = segmentPaths(disk)
      if (fail === 'sync') disk.failSyncs(1)
      else disk.failWrites(fail)
      const refusal = { status: 'refused', reason, cause }
      expect(await Promise.all([append('x'), append('y')])).toEqual([refusal, refusal])
      expect(alarms).toMatchObject([{ code: 'segment_poisoned', cause }])
      const bytes = disk.content(poisoned ?? '')
      expect(await append('after')).toMatchObject({ status: 'durable' })
      expect(await append('more')).toMatchObject({ status: 'durable' })
      expect(disk.content(poisoned ?? '').equals(bytes)).toBe(true)
      expect(segmentPaths(disk).length).toBe(2)
      expect(await texts()).toEqual(['before', 'after', 'more'])
      expect(journal.stats()).toMatchObject({ poisonedSegments: 1, failedCommits: 1, sequenceGaps: 0 })
      await journal.close()
      const reopened = await openOn(disk)
      expect(await reopened.texts()).toEqual(['before', 'after', 'more'])
      expect(reopened.codes()).toEqual([])
      expect(reopened.recovery.sequenceGaps).toBe(0)
    })
  }

  it('leaves no record out when all of its segment was poisoned', async () => {
    const disk = createDisk()
    const { append, texts, journal } = await openOn(disk)
    disk.failSyncs(1)
    expect(await append('x')).toMatchObject({ status: 'refused' })
    expect(await append('y')).toMatchObject({ status: 'durable' })
    expect(await texts()).toEqual(['y'])
    expect(segmentPaths(disk).length).toBe(1)
    expect(journal.stats().records).toBe(1)
  })
})

describe('a segment that cannot be created', () => {
  it('refuses appends, waits before it tries again, and recovers', async () => {
    const disk = createDisk()
    let nowMs = 0
    const { append, texts, codes, journal } = await openOn(disk, { now: () => nowMs, segmentBytes: 65536 })
    await append('before')
    disk.failSyncs(2)
    expect(await append('x')).toMatchObject({ status: 'refused', reason: 'failed', cause: 'EIO' })
    expect(await append('x')).toMatchObject({ status: 'refused', reason: 'failed', cause: 'EIO' })
    expect(codes()).toEqual(['segment_poisoned', 'segment_unavailable'])
    expect(journal.stats().writable).toBe(false)
    disk.calls = {}
    expect(await append('x')).toMatchObject({ status: 'refused', reason: 'failed', cause: 'EIO' })
    expect(disk.calls.open).toBeUndefined()
    nowMs += 100
    expect(await append('after')).toMatchObject({ status: 'durable' })
    expect(await texts()).toEqual(['before', 'after'])
    expect(disk.paths().filter((path) => path.endsWith('.preparing'))).toEqual([])
  })

  it('doubles the wait up to five seconds, and a clock that goes back does not prolong it', async () => {
    const disk = createDisk()
    let nowMs = 0
    const { append } = await openOn(disk, { now: () => nowMs, segmentBytes: 65536 })
    disk.failSyncs(1)
    await append('x')
    const attempts: number[] = []
    for (; nowMs < 30_000; nowMs += 50) {
      disk.clearFaults()
      disk.failSyncs(1)
      disk.calls = {}
      await append('x')
      if (disk.calls.open) attempts.push(nowMs)
    }
    const waits = attempts.slice(1).map((at, index) => at - (attempts[index] ?? 0))
    expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000, 5000])
    disk.clearFaults()
    nowMs = 0
    expect(await append('x')).toMatchObject({ status: 'durable' })

    disk.failSyncs(2)
    await append('x')
    expect(await append('x')).toMatchObject({ status: 'refused' })
    nowMs += 100
    expect(await append('x')).toMatchObject({ status: 'durable' })
  })

  it('keeps the newest file and with it the sequences, though all is released', async () => {
    const disk = createDisk()
    const { append, journal } = await openOn(disk, { segmentBytes: 65536 })
    for (const text of ['a', 'b', 'c']) await append(text)
    disk.capacityBytes = 0
    disk.failSyncs(1)
    expect(await append('x')).toMatchObject({ status: 'refused' })
    await journal.release(3)
    await journal.close()
    disk.capacityBytes = 2 ** 40
    const reopened = await openOn(disk)
    expect(reopened.recovery.nextSequence).toBeGreaterThan(3)
    expect(await reopened.texts(4)).toEqual([])
  })

  it('recovers from a full disk', async () => {
    const disk = createDisk()
    let nowMs = 0
    const { append, journal, texts } = await openOn(disk, { now: () => nowMs })
    disk.capacityBytes = 3 * 8192
    const taken: string[] = []
    for (let index = 0; ; index++) {
      const text = `${index}`.padEnd(1500, '.')
      const result = await append(text)
      nowMs += 10_000
      if (result.status === 'refused') {
        expect(result.reason).toBe('disk_reserve')
        break
      }
      taken.push(text)
    }
    expect(taken.length).toBe(6)
    expect(journal.stats().refusing).toBe('disk_reserve')
    await journal.release(2)
    nowMs += 10_000
    expect(await append('after')).toMatchObject({ status: 'durable' })
    expect(journal.stats().refusing).toBeUndefined()
    expect(await texts(2)).toEqual([...taken.slice(2), 'after'])
  })

  it('does not lose what the old segment took, though the new one got its name before it failed', async () => {
    const disk = createDisk()
    const fileSystem = disk.mount()
    let nowMs = 0
    let failing = false
    const { append, journal } = await openOn(disk, {
      now: () => nowMs,
      fileSystem: {
        ...fileSystem,
        syncDirectory: async (path) => {
          if (failing) throw Object.assign(new Error('EIO'), { code: 'EIO' })
          return fileSystem.syncDirectory(path)
        },
        unlink: async (path) => {
          if (failing) throw Object.assign(new Error('EIO'), { code: 'EIO' })
          return fileSystem.unlink(path)
        },
      },
    })
    await append('a'.repeat(2000))
    failing = true
    const kept: string[] = []
    for (const text of ['b'.repeat(2000), 'c', 'd'.repeat(500), 'e']) {
      if ((await append(text)).status === 'durable') kept.push(text)
      nowMs += 10_000
    }
    failing = false
    nowMs += 10_000
    for (const text of ['f', 'g']) if ((await append(text)).status === 'durable') kept.push(text)
    expect(kept).toEqual(expect.arrayContaining(['f', 'g']))
    await journal.close()
    const reopened = await openOn(disk)
    expect(await reopened.texts()).toEqual(['a'.repeat(2000), ...kept])
    expect(reopened.codes()).toEqual([])
  })
})

describe('a segment that cannot be read', () => {
  const options = { segmentBytes: 65536, maxBytes: 20 * 65536 }
  const texts = Array.from({ length: 40 }, (_item, index) => `${index} ${'x'.repeat(1000)}`)
  const failure = () => Object.assign(new Error('EIO'), { code: 'EIO' })

  async function openOnBadBlock(disk: MemoryDisk, from: number, to: number, sizes = options) {
    const fileSystem = disk.mount()
    const clock = { nowMs: 0 }
    const [bad] = segmentPaths(disk)
    const opened = await openOn(disk, {
      ...sizes,
      now: () => clock.nowMs,
      readPatienceMs: 60_000,
      fileSystem: {
        ...fileSystem,
        open: async (path, mode) => {
          const file = await fileSystem.open(path, mode)
          if (path !== bad) return file
          return {
            ...file,
            read: async (target, position) => {
              if (position < to && position + target.length > from) throw failure()
              return file.read(target, position)
            },
          }
        },
      },
    })
    return { ...opened, clock, bad: bad ?? '' }
  }

  it('holds delivery up for a while, then loses the records of the bad block alone and says which', async () => {
    const disk = await diskWith(texts, options)
    const { append, journal, alarms, codes, clock, bad } = await openOnBadBlock(disk, 8192, 12288)
    await append('new')
    const read = async (after: number) =>
      (await journal.read(after, everything)).map(({ sequence }) => sequence)
    for (let attempt = 0; attempt < 9; attempt++) {
      await expect(read(0)).rejects.toMatchObject({ code: 'EIO' })
      clock.nowMs += 30_000
    }
    const kept = await read(0)
    const lost = alarms.flatMap((alarm) => (alarm.code === 'sequence_gap' ? [alarm] : []))
    expect(lost.length).toBe(1)
    const [{ firstSequence, lastSequence } = { firstSequence: 0, lastSequence: 0 }] = lost
    // Records of 1,050 bytes: those that touch the block of 4,096.
    expect(lastSequence - firstSequence + 1).toBe(5)
    expect(journal.stats().sequenceGaps).toBe(5)
    expect(kept.filter((sequence) => sequence <= texts.length)).toEqual(
      texts
        .map((_text, index) => index + 1)
        .filter((sequence) => sequence < firstSequence || sequence > lastSequence),
    )
    expect(kept.length).toBe(texts.length - 5 + 1)
    expect(codes()).toContain('segment_given_up')
    await journal.release(kept.at(-1) ?? 0)
    expect(segmentPaths(disk)).not.toContain(bad)
    expect(disk.paths()).toContain(bad.replace(directory, `${directory}/quarantine`))
  })

  it('first gives what lies before the bad block', async () => {
    const many = Array.from({ length: 1500 }, (_item, index) => `${index} ${'x'.repeat(1000)}`)
    const large = { segmentBytes: 2 ** 21, maxBytes: 2 ** 23 }
    const disk = await diskWith(many, large)
    const { journal, codes } = await openOnBadBlock(disk, 2 ** 20 + 8192, 2 ** 20 + 12288, large)
    const first = await journal.read(0, everything)
    expect(first.length).toBeGreaterThan(900)
    expect(codes()).not.toContain('read_failed')
    await expect(journal.read(first.length, everything)).rejects.toMatchObject({ code: 'EIO' })
  })
})

it('an alarm listener that throws does not break the journal', async () => {
  const disk = createDisk()
  const { append, texts } = await openOn(disk, {
    onAlarm: () => {
      throw new Error('listener')
    },
  })
  disk.failSyncs(1)
  await append('x')
  expect(await append('y')).toMatchObject({ status: 'durable' })
  expect(await texts()).toEqual(['y'])
})
