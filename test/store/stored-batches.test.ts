import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createStoredBatches } from '../../src/store/stored-batches.ts'
import { storedBatchesFile } from '../../src/store/stored-batches-file.ts'
import { temporaryDirectory } from '../support/sidecar.ts'

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let path: string
beforeEach(async () => {
  directory = await temporaryDirectory()
  path = join(directory.path, 'stored-batches.ndjson')
})
afterEach(() => directory.remove())

const batch = (index: number) => ({
  id: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
  table: 'ops_upstream_error_events',
  columns: [],
  rowCount: 1,
  minCreatedAtMs: index,
  maxCreatedAtMs: index,
  bytes: 0,
  chunks: [],
})
const reopen = (capacity = 10) => createStoredBatches(capacity, storedBatchesFile(path))

describe('the order of storing', () => {
  it('goes on in the next process, and a batch that is found stored again is not told of twice', () => {
    const first = reopen()
    for (const index of [1, 2, 3]) first.publish(batch(index))
    const second = reopen()
    expect([second.epoch, second.latest()]).toEqual([first.epoch, 3])
    expect(second.after(1)).toEqual(first.after(1))
    second.publish(batch(3))
    expect(second.latest()).toBe(3)
    second.publish(batch(4))
    expect(second.after(3)).toMatchObject({ sequence: 4, id: batch(4).id })
  })

  it('is kept in a file of bounded size, also over restarts', () => {
    const first = reopen()
    for (let index = 1; index <= 200; index++) first.publish(batch(index))
    expect(readFileSync(path, 'utf8').split('\n').length).toBeLessThanOrEqual(23)
    const second = reopen()
    expect(second.latest()).toBe(200)
    expect(second.after(0)).toBe('forgotten')
    expect(second.after(195)).toMatchObject({ sequence: 196 })
  })

  it('leaves out a line that was cut short', () => {
    const first = reopen()
    for (const index of [1, 2]) first.publish(batch(index))
    appendFileSync(path, '[3,"00000000-00')
    const second = reopen()
    expect([second.epoch, second.latest()]).toEqual([first.epoch, 2])
    second.publish(batch(3))
    expect(reopen().latest()).toBe(3)
  })

  it.each(['', '{}\n', '"odd"\n', '"0123abcd"\n[1,2]\n', '"0123abcd"\nnull\n', 'x'])(
    'starts anew from a file that is none: %j',
    (text) => {
      writeFileSync(path, text)
      const batches = reopen()
      expect(batches.latest()).toBe(0)
      expect(batches.epoch).not.toBe('0123abcd')
    },
  )

  it('starts anew where the file cannot be written', () => {
    const batches = createStoredBatches(10, storedBatchesFile(join(directory.path, 'no', 'such', 'folder')))
    batches.publish(batch(1))
    expect(batches.latest()).toBe(1)
  })
})
