import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ConfirmedWrites, confirmWrites } from '../../../src/store/http-interface/confirm-writes.ts'
import { withFileSizeLimit } from '../../support/file-size-limit.ts'
import { openHttpInterface } from './open-http-interface.ts'

let http: Awaited<ReturnType<typeof openHttpInterface>>
let writes: ConfirmedWrites
let url: string
const reports: string[] = []

beforeAll(async () => {
  http = await openHttpInterface()
  writes = await confirmWrites(http.engine, 'ops', http.directory, (text) => reports.push(text))
  url = await http.serve({ confirmWrites: writes.confirm })
})
afterAll(async () => {
  await writes.stop()
  await http.close()
})

async function post(body: string): Promise<{ status: number; text: string }> {
  const answer = await fetch(url, { method: 'POST', body })
  return { status: answer.status, text: await answer.text() }
}

describe.skipIf(process.platform !== 'linux')('writes through the HTTP interface', () => {
  const insert = 'INSERT INTO t SELECT number, randomPrintableASCII(50) FROM numbers(100)'
  const count = async () => (await post('SELECT count(s), sum(length(s)) FROM t')).text

  it('are answered with an exception when the engine could not write them, and leave nothing', async () => {
    await post('CREATE TABLE t (n UInt64, s String) ENGINE = MergeTree ORDER BY n')
    expect(await post(insert)).toMatchObject({ status: 200 })
    const failed = await withFileSizeLimit(1000, () => post(insert))
    expect(failed).toMatchObject({
      status: 500,
      text: expect.stringContaining('writes of the embedded engine failed'),
    })
    expect(reports).toEqual([expect.stringContaining('broken parts were set aside: t ')])
    expect(await count()).toBe('100\t5000\n')
    expect(await post(insert)).toMatchObject({ status: 200 })
    expect(await count()).toBe('200\t10000\n')
  })
})
