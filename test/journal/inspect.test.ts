import { expect, it } from 'vitest'
import { inspectJournal } from '../../src/journal/inspect.ts'
import { segmentHeaderBytes } from '../../src/journal/segment-header.ts'
import { createDisk, directory, diskWith, openOn, segmentPaths } from './open-memory-journal.ts'

it('sums up a journal, beside the process that writes it, and changes nothing', async () => {
  const disk = createDisk()
  const { append } = await openOn(disk, { now: () => 5000 })
  for (let index = 0; index < 5; index++) await append('.'.repeat(1900))
  const contents = () => segmentPaths(disk).map((path) => [path, disk.content(path)])
  const before = contents()
  const inspection = await inspectJournal(directory, disk.mount())
  expect(inspection).toMatchObject({
    records: 5,
    payloadBytes: 5 * 1900,
    firstSequence: 1,
    lastSequence: 5,
    strayFiles: [],
    quarantinedFiles: [],
  })
  expect(inspection.segments.map(({ records }) => records)).toEqual([2, 2, 1])
  expect(inspection.segments[0]).toMatchObject({ header: 'valid', firstAppendedAtMs: 5000, tornBytes: 0 })
  expect(contents()).toEqual(before)
})

it('tells damage, torn tails, damaged headers and files in quarantine', async () => {
  const disk = await diskWith(['first', 'second', 'third'])
  const [path] = segmentPaths(disk)
  disk.put(`${directory}/quarantine/x.damaged`, Buffer.alloc(1))
  disk.put(`${directory}/stray`, Buffer.alloc(1))
  disk.edit(path ?? '', (bytes) => {
    bytes[0] = 0
    bytes[segmentHeaderBytes + 1] = 0xff
    return Buffer.concat([bytes, Buffer.from('torn'), Buffer.alloc(10)])
  })
  const inspection = await inspectJournal(directory, disk.mount())
  expect(inspection).toMatchObject({ records: 2, quarantinedFiles: ['x.damaged'], strayFiles: ['stray'] })
  expect(inspection.segments).toMatchObject([
    { header: 'damaged', damagedPlaces: 1, damagedBytes: 57, tornBytes: 4 },
  ])
})

it('of a directory that does not exist is empty', async () => {
  expect(await inspectJournal('/nowhere', createDisk().mount())).toMatchObject({ segments: [], records: 0 })
})
