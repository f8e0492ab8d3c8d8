import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildGoProgram, goIsMissing } from '../../support/go.ts'
import { temporaryDirectory } from '../../support/sidecar.ts'
import { openHttpInterface } from './open-http-interface.ts'

const missing = await goIsMissing()
let embedded: Awaited<ReturnType<typeof openHttpInterface>>
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let program: string
let address: string
beforeAll(async () => {
  if (missing) return
  directory = await temporaryDirectory()
  program = join(directory.path, 'client')
  await buildGoProgram(join(import.meta.dirname, 'clickhouse-go'), program)
  embedded = await openHttpInterface()
  address = new URL(await embedded.serve()).host
}, 600_000)
afterAll(async () => {
  await embedded?.close()
  await directory?.remove()
})

const row = (id: number, maybe: number | null, nothing: string | null) => ({
  id,
  at: '2023-11-14T22:13:20.123Z',
  name: `name ${id}`,
  low: `low ${id % 2}`,
  maybe,
  list: Array.from({ length: id }, () => ''),
  labels: { key: String(id) },
  letters: ['a', 'b', 'a'],
  decimal: '12.34',
  nothing,
  identity: '61f0c404-5cb3-11e7-907b-a6006ad3dba0',
})

describe('clickhouse-go over HTTP', () => {
  it.for(['none', 'lz4', 'zstd', 'gzip', 'deflate', 'br'])(
    'connects, writes, reads and fails as with a server; compression %s',
    async (compression, { skip }) => {
      if (missing) skip(missing)
      const { stdout } = await promisify(execFile)(program, [address, compression])
      expect(JSON.parse(stdout)).toEqual({
        version: '26',
        rows: [row(0, -7, 'x'), row(1, null, null), row(2, -7, 'x')],
        bound: { Text: "it's\\ü", List: 'AQI=', At: '2024-01-02T03:04:05Z', Count: 3 },
        large: (200_000 * 199_999) / 2,
        empty: 0,
        error: 47,
      })
    },
  )
})
