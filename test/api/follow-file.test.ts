import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { followFile } from '../../src/api/follow-file.ts'
import { temporaryDirectory } from '../support/sidecar.ts'

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
beforeAll(async () => {
  directory = await temporaryDirectory()
})
afterAll(() => directory.remove())

const noStop = () => {
  throw new Error('nobody should stop the writer')
}

describe('a file that is being written', () => {
  it('is read from its start to its end, with what is written before the writer ends', async () => {
    const path = join(directory.path, 'grows')
    const read: string[] = []
    const written = (async () => {
      await sleep(80)
      await writeFile(path, 'one ')
      while (read.length === 0) await sleep(5)
      await appendFile(path, 'two')
    })()
    for await (const bytes of followFile(path, { written, stop: noStop, minFreeBytes: 0 }))
      read.push(bytes.toString())
    expect(read).toEqual(['one ', 'two'])
  })

  it('is empty when nothing is written', async () => {
    const path = join(directory.path, 'empty')
    const written = writeFile(path, '')
    expect(await Array.fromAsync(followFile(path, { written, stop: noStop, minFreeBytes: 0 }))).toEqual([])
  })

  it('ends with the failure of its writer, before and after something was written', async () => {
    const failed = () => sleep(60).then(() => Promise.reject(new Error('the writer failed')))
    const never = join(directory.path, 'never')
    await expect(
      Array.fromAsync(followFile(never, { written: failed(), stop: noStop, minFreeBytes: 0 })),
    ).rejects.toThrow('the writer failed')
    const cut = join(directory.path, 'cut')
    await writeFile(cut, 'some')
    const bytes = followFile(cut, { written: failed(), stop: noStop, minFreeBytes: 0 })
    expect((await bytes.next()).value?.toString()).toBe('some')
    await expect(bytes.next()).rejects.toThrow('the writer failed')
  })

  it('stops its writer when the disk is nearly full', async () => {
    const path = join(directory.path, 'full')
    await writeFile(path, '')
    let reason: unknown
    const stop = (error: Error) => {
      reason = error
    }
    const written = sleep(500)
    await expect(
      Array.fromAsync(followFile(path, { written, stop, minFreeBytes: Number.MAX_SAFE_INTEGER })),
    ).rejects.toMatchObject({ code: 'overloaded' })
    expect(reason).toMatchObject({ code: 'overloaded' })
  })
})
