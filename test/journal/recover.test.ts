import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeFrame, frameHeaderBytes, framePrefix } from '../../src/journal/frame.ts'
import { segmentHeaderBytes } from '../../src/journal/segment-header.ts'
import { parseSegmentName } from '../../src/journal/segment-name.ts'
import { createDisk, directory, diskWith, openOn, segmentPaths } from './open-memory-journal.ts'

const texts = ['first', 'second', 'third', 'fourth']
const frameBytes = texts.map((text) => frameHeaderBytes + text.length)
const frameEnds = frameBytes.map((_, index) =>
  frameBytes.slice(0, index + 1).reduce((sum, bytes) => sum + bytes, segmentHeaderBytes),
)
const dataEnd = frameEnds.at(-1) ?? 0

async function reopenedWith(change: (bytes: Buffer) => Buffer) {
  const disk = await diskWith(texts)
  const path = segmentPaths(disk)[0] ?? ''
  disk.edit(path, change)
  return { disk, path, ...(await openOn(disk)) }
}

describe('recovery of a torn tail', () => {
  it('keeps each whole record, wherever the last records are cut', async () => {
    for (let cut = frameEnds[1] ?? 0; cut < dataEnd; cut++) {
      const whole = texts.filter((_, index) => (frameEnds[index] ?? 0) <= cut)
      const shorter = await reopenedWith((bytes) => bytes.subarray(0, cut))
      expect(await shorter.texts()).toEqual(whole)
      const zeroed = await reopenedWith((bytes) => bytes.fill(0, cut))
      expect(await zeroed.texts()).toEqual(whole)
      expect(zeroed.recovery).toMatchObject({ quarantinedFrames: 0, sequenceGaps: 0 })
      expect(zeroed.codes()).toEqual([])
    }
  })

  it('cuts the tail off, reports its bytes and does not give its sequences out again', async () => {
    const {
      disk,
      path,
      recovery,
      append,
      texts: read,
    } = await reopenedWith((bytes) => bytes.subarray(0, dataEnd - 1))
    expect(recovery.tornBytes).toBe((frameBytes[3] ?? 0) - 1)
    expect(disk.content(path).length).toBe(frameEnds[2])
    const result = await append('fifth')
    expect(result).toMatchObject({ status: 'durable' })
    if (result.status === 'durable') expect(result.sequence).toBeGreaterThan(4)
    expect(await read()).toEqual(['first', 'second', 'third', 'fifth'])
  })

  it('takes a rest of zeros for a clean end', async () => {
    const { recovery, texts: read } = await reopenedWith((bytes) =>
      Buffer.concat([bytes, Buffer.alloc(3000)]),
    )
    expect(recovery.tornBytes).toBe(0)
    expect(await read()).toEqual(texts)
  })

  it('does not take frames of another segment for its own', async () => {
    const other = Buffer.alloc(frameHeaderBytes + 5)
    encodeFrame(other, 0, framePrefix(Buffer.alloc(16, 9)), {
      sequence: 5,
      appendedAtMs: 1,
      commitIndex: 0,
      payload: Buffer.from('stale'),
    })
    const { texts: read } = await reopenedWith((bytes) => Buffer.concat([bytes, other, other]))
    expect(await read()).toEqual(texts)
  })
})

describe('recovery of damage', () => {
  it('keeps the neighbours of any flipped bit and reports exactly what is lost', async () => {
    for (let bit = segmentHeaderBytes * 8; bit < dataEnd * 8; bit++) {
      const hit = frameEnds.findIndex((end) => bit < end * 8)
      const { disk, recovery, texts: read, codes } = await reopenedWith((bytes) => flipBit(bytes, bit))
      expect(await read()).toEqual(texts.filter((_, index) => index !== hit))
      if (hit === texts.length - 1) {
        expect(recovery).toMatchObject({ tornBytes: frameBytes[hit], sequenceGaps: 0, quarantinedFrames: 0 })
      } else {
        expect(recovery).toMatchObject({ tornBytes: 0, sequenceGaps: 1, quarantinedFrames: 1 })
        expect(recovery.quarantinedBytes).toBe(frameBytes[hit])
        expect(codes()).toEqual(['bytes_quarantined', 'sequence_gap'])
        const quarantined = disk.paths().find((path) => path.startsWith(`${directory}/quarantine/`)) ?? ''
        expect(disk.content(quarantined).length).toBe(frameBytes[hit])
      }
    }
  })

  it('finds the records of a segment whose header is damaged in any bit', async () => {
    for (let bit = 0; bit < 68 * 8; bit++) {
      const { recovery, texts: read, codes } = await reopenedWith((bytes) => flipBit(bytes, bit))
      expect(await read()).toEqual(texts)
      expect(recovery).toMatchObject({ damagedHeaders: 1, sequenceGaps: 0 })
      expect(codes()).toEqual(['segment_header_damaged'])
    }
  })

  it('never throws or invents a record, whatever bytes are in a segment', async () => {
    const original = await diskWith(texts)
    const content = original.content(segmentPaths(original)[0] ?? '')
    const frames = frameEnds.map((end, index) => content.subarray(end - (frameBytes[index] ?? 0), end))
    const { uuid } = parseSegmentName((segmentPaths(original)[0] ?? '').slice(directory.length + 1)) ?? {}
    const hugeLength = Buffer.alloc(frameHeaderBytes)
    framePrefix(uuid ?? Buffer.alloc(16)).copy(hugeLength, 4)
    hugeLength.writeUInt32LE(0xfffffff0, 48)
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom(...frames, hugeLength),
      fc.nat(300).map((length) => Buffer.alloc(length)),
    )
    const header = fc.oneof(fc.constant(content.subarray(0, segmentHeaderBytes)), piece)
    await fc.assert(
      fc.asyncProperty(header, fc.array(piece, { maxLength: 12 }), async (start, pieces) => {
        const disk = createDisk()
        disk.put(segmentPaths(original)[0] ?? '', Buffer.concat([start, ...pieces]))
        const { texts: read, append } = await openOn(disk)
        const found = await read()
        expect(texts.filter((text) => found.includes(text))).toEqual(found)
        expect(await append('new')).toMatchObject({ status: 'durable' })
        expect(await read()).toEqual([...found, 'new'])
      }),
      { numRuns: 500 },
    )
  })

  it('finds damage in older segments when they are read, and counts it once', async () => {
    const many = Array.from({ length: 12 }, (_, index) => `${index}`.padEnd(1500, '.'))
    const disk = await diskWith(many)
    const [, second] = segmentPaths(disk)
    disk.edit(second ?? '', (bytes) => flipBit(bytes, (segmentHeaderBytes + 100) * 8))
    const { texts: read, recovery, codes, journal, alarms } = await openOn(disk)
    expect(recovery).toMatchObject({ quarantinedFrames: 0, sequenceGaps: 0, records: 12 })
    const lost = Number(second?.slice(directory.length + 1).split('-')[0])
    for (let again = 0; again < 2; again++) {
      expect(await read()).toEqual(many.filter((_, index) => index + 1 !== lost))
      expect(codes()).toEqual(['bytes_quarantined', 'sequence_gap'])
    }
    expect(alarms[1]).toMatchObject({ firstSequence: lost, lastSequence: lost })
    expect(journal.stats()).toMatchObject({ quarantinedFrames: 1, sequenceGaps: 1 })
  })

  it('reports the records of a segment whose file is gone, and reads on', async () => {
    const many = Array.from({ length: 9 }, (_, index) => `${index}`.padEnd(1900, '.'))
    const disk = await diskWith(many)
    const { texts: read, journal, codes } = await openOn(disk)
    await disk.mount().unlink(segmentPaths(disk)[1] ?? '')
    expect(await read()).toEqual(many.filter((_, index) => index < 2 || index > 3))
    expect(journal.stats().sequenceGaps).toBe(2)
    expect(codes()).toEqual(['sequence_gap'])
  })

  it('goes on if quarantine cannot be written', async () => {
    const disk = await diskWith(texts)
    disk.edit(segmentPaths(disk)[0] ?? '', (bytes) => flipBit(bytes, (segmentHeaderBytes + 3) * 8))
    disk.capacityBytes = 0
    const { texts: read, alarms } = await openOn(disk)
    expect(await read()).toEqual(texts.slice(1))
    expect(alarms[0]).toMatchObject({ code: 'bytes_quarantined', copied: false })
  })
})

describe('opening', () => {
  it('refuses a segment of an unknown format version and changes nothing', async () => {
    const disk = await diskWith(texts)
    disk.put(`${directory}/${'a'.repeat(32)}.preparing`, Buffer.alloc(10))
    disk.edit(segmentPaths(disk)[0] ?? '', (bytes) => {
      bytes.writeUInt32LE(2, 8)
      bytes.writeUInt32LE(~2 >>> 0, 12)
      return bytes
    })
    const before = disk.paths().map((path) => [path, disk.content(path)])
    await expect(openOn(disk)).rejects.toMatchObject({ code: 'journal_version_unknown', version: 2 })
    expect(disk.paths().map((path) => [path, disk.content(path)])).toEqual(before)
  })

  it('leaves files of others alone and removes segments that were never finished', async () => {
    const disk = await diskWith(texts)
    const strays = [`${directory}/notes.txt`, `${directory}/1-abc.segment`, `${directory}/old.segment.bak`]
    for (const path of strays) disk.put(path, Buffer.from('mine'))
    const unfinished = `${directory}/${'a'.repeat(32)}.preparing`
    disk.put(unfinished, Buffer.alloc(10))
    const { recovery, texts: read } = await openOn(disk)
    expect(disk.paths()).toEqual(expect.arrayContaining(strays))
    expect(disk.paths()).not.toContain(unfinished)
    expect([...recovery.strayFiles].sort()).toEqual(
      strays.map((path) => path.slice(directory.length + 1)).sort(),
    )
    expect(await read()).toEqual(texts)
  })

  it('goes on with higher sequences when everything was released', async () => {
    const disk = createDisk()
    let highest = 0
    for (let start = 0; start < 5; start++) {
      const { append, journal, texts: read } = await openOn(disk)
      expect(await read(highest)).toEqual([])
      for (const text of texts) {
        const result = await append(text)
        if (result.status !== 'durable') throw new Error(result.reason)
        expect(result.sequence).toBeGreaterThan(highest)
        highest = result.sequence
      }
      await journal.release(highest)
      await journal.close()
    }
    expect(segmentPaths(disk).length).toBe(1)
  })

  it('does not pile up empty segments', async () => {
    const disk = createDisk()
    const opened: number[] = []
    for (let start = 0; start < 5; start++) {
      const { journal, recovery } = await openOn(disk)
      opened.push(recovery.nextSequence)
      await journal.close()
    }
    expect(segmentPaths(disk).length).toBe(1)
    expect(new Set(opened).size).toBe(5)
  })

  it('begins beyond what was delivered, even if the disk lost it', async () => {
    const { append } = await openOn(createDisk(), { deliveredSequence: 70 })
    expect(await append('new')).toEqual({ status: 'durable', sequence: 71 })
  })

  it('scans only the newest of many segments', async () => {
    const many = Array.from({ length: 60 }, (_, index) => `${index}`.padEnd(1900, '.'))
    const disk = await diskWith(many)
    expect(segmentPaths(disk).length).toBe(30)
    disk.calls = {}
    const { recovery, texts: read } = await openOn(disk)
    // One for each header, and a few for the newest segment.
    expect(disk.calls.read).toBeLessThan(30 + 10)
    expect(recovery.records).toBe(60)
    expect(await read()).toEqual(many)
  })

  it('works without room for a new segment: reads and releases, and refuses appends until there is room', async () => {
    const disk = await diskWith(texts)
    disk.capacityBytes = 0
    let nowMs = 0
    const { append, texts: read, journal } = await openOn(disk, { now: () => nowMs })
    expect(await read()).toEqual(texts)
    expect(journal.stats().writable).toBe(false)
    expect(await append('new')).toMatchObject({ status: 'refused', reason: 'disk_reserve' })
    disk.capacityBytes = 2 ** 40
    nowMs += 10_000
    expect(await append('new')).toMatchObject({ status: 'durable' })
    expect(await read()).toEqual([...texts, 'new'])
  })

  it('keeps the sequences of a segment that cannot be read at the moment', async () => {
    const disk = await diskWith(texts)
    const fileSystem = disk.mount()
    let broken = true
    const {
      append,
      texts: read,
      alarms,
    } = await openOn(disk, {
      fileSystem: {
        ...fileSystem,
        open: async (path, mode) => {
          if (broken && path === segmentPaths(disk)[0]) throw Object.assign(new Error('EIO'), { code: 'EIO' })
          return fileSystem.open(path, mode)
        },
      },
    })
    expect(alarms[0]).toMatchObject({ code: 'segment_unreadable', cause: 'EIO' })
    expect(await append('new')).toMatchObject({ status: 'durable' })
    await expect(read()).rejects.toMatchObject({ code: 'EIO' })
    broken = false
    expect(await read()).toEqual([...texts, 'new'])
  })

  it('keeps the records behind a segment that no header and no scan tells the end of', async () => {
    const many = ['a'.repeat(1900), 'b'.repeat(1900), 'c'.repeat(1900)]
    const disk = await diskWith(many)
    expect(segmentPaths(disk).length).toBe(2)
    // Both headers, and the scan of the first segment.
    disk.failReads(3)
    const { texts: read, codes, journal } = await openOn(disk)
    expect(codes()).toEqual(['segment_unreadable', 'segment_unreadable', 'segment_unreadable'])
    expect(await read()).toEqual(many)
    expect(journal.stats().sequenceGaps).toBe(0)
  })
})

function flipBit(bytes: Buffer, bit: number): Buffer {
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return bytes
}
