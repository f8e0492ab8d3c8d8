import { describe, expect, it } from 'vitest'
import { createDisk, openOn, segmentPaths } from './open-memory-journal.ts'

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
    await journal.release(2)
    nowMs += 10_000
    expect(await append('after')).toMatchObject({ status: 'durable' })
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
