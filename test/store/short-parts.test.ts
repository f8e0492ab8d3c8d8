import { mkdir, readdir, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { setShortPartsAside } from '../../src/store/short-parts.ts'
import { openTestStore, type TestStore } from '../support/store.ts'

const table = 'ops_upstream_error_events'

let store: TestStore
beforeAll(async () => {
  store = await openTestStore()
})
afterAll(() => store.close())

const command = (query: string) => store.clients.writer.command({ query })
/** Of every row; and of those that the projection finds. */
const contents = async () => [
  await store.rows(`SELECT count() AS rows, toString(sum(cityHash64(*))) AS hash FROM ${table}`),
  await store.rows(`SELECT event_id FROM ${table} WHERE account_id = '7' ORDER BY event_id`),
]

async function only<Row>(query: string): Promise<Row> {
  const [row] = await store.rows<Row>(query)
  return row as Row
}

/** Two inserts and the part that they are merged to, of the wide or of the compact kind. */
async function mergedPart(kind: 'Wide' | 'Compact'): Promise<{ name: string; path: string }> {
  await command(`TRUNCATE TABLE ${table}`)
  await command(
    `ALTER TABLE ${table} MODIFY SETTING min_bytes_for_wide_part = ${kind === 'Wide' ? 0 : 10_485_760}`,
  )
  for (let insert = 0; insert < 2; insert++)
    await command(`INSERT INTO ${table} (event_id, created_at, account_id, error_message, request_body)
      SELECT generateUUIDv4(), now(), toString(number), 'a message of ' || number, randomPrintableASCII(300) FROM numbers(50)`)
  await command(`OPTIMIZE TABLE ${table} FINAL`)
  const part = await only<{ name: string; path: string; part_type: string }>(
    `SELECT name, path, part_type FROM system.parts WHERE active AND table = '${table}'`,
  )
  expect(part.part_type).toBe(kind)
  return part
}

async function expectSound(): Promise<void> {
  const checked = await store.rows<{ is_passed: number }>(
    `CHECK TABLE ${table} SETTINGS check_query_single_value_result = 0`,
  )
  expect(checked.filter(({ is_passed }) => is_passed !== 1)).toEqual([])
}

describe('a part with a file that is cut short', () => {
  it('costs no row, whichever file it is and wherever it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('Wide' as const, 'Compact' as const),
        fc.nat(),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        async (kind, pick, share) => {
          const part = await mergedPart(kind)
          const before = await contents()
          const entries = await readdir(part.path, { recursive: true, withFileTypes: true })
          const files = entries.filter((entry) => entry.isFile())
          const file = files[pick % files.length]
          const path = join(file?.parentPath ?? '', file?.name ?? '')
          const { size } = await stat(path)

          await command(`DETACH TABLE ${table} SYNC`)
          await truncate(path, Math.floor(size * share))
          await setShortPartsAside(join(part.path, '..'))
          await command(`ATTACH TABLE ${table}`)
          expect(await contents()).toEqual(before)
          // A projection that is cut short is not used any more, and made again by the next merge.
          if (!path.includes('.proj/')) await expectSound()
          await command(`OPTIMIZE TABLE ${table} FINAL`)
          expect(await contents()).toEqual(before)
          await expectSound()
        },
      ),
      { numRuns: 5 },
    )
  })

  it('stays when it is a projection that is cut short, as its rows may be nowhere else', async () => {
    const part = await mergedPart('Compact')
    const before = await contents()
    await command(`DETACH TABLE ${table} SYNC`)
    const projection = join(part.path, 'pj_account.proj')
    for (const file of await readdir(projection)) await truncate(join(projection, file))
    expect(await setShortPartsAside(join(part.path, '..'))).toEqual([])
    await command(`ATTACH TABLE ${table}`)
    expect(await contents()).toEqual(before)
  })

  it('is the only one that is', async () => {
    const part = await mergedPart('Compact')
    const directory = join(part.path, '..')
    await command(`DETACH TABLE ${table} SYNC`)
    expect(await setShortPartsAside(directory)).toEqual([])
    await truncate(join(part.path, 'data.bin'), 100)
    expect(await setShortPartsAside(directory, Date.now() + 60_000)).toEqual([])
    expect(await setShortPartsAside(directory)).toEqual([part.name])
    expect(await readdir(join(directory, 'detached'))).toContain(`broken_${part.name}`)
    await command(`ATTACH TABLE ${table}`)
  })

  it('gives its place to what it was merged from, of which the broken ones are set aside as well', async () => {
    const directory = join(store.directory, 'merged-table')
    const sound = '20261123_2_2_0'
    const broken = ['20261123_1_4_2', '20261123_1_2_1', '20261123_3_3_0', '20261130_1_1_0']
    for (const name of [...broken, sound, '20261123_1_1_0', 'tmp_merge_20261123_1_5_3']) {
      await mkdir(join(directory, name), { recursive: true })
      if (broken.includes(name)) await writeFile(join(directory, name, 'checksums.txt'), '')
    }
    expect((await setShortPartsAside(directory)).sort()).toEqual(broken.sort())
    // A part that is covered by a sound one is no matter.
    await writeFile(join(directory, sound, 'checksums.txt'), '')
    await mkdir(join(directory, '20261123_1_4_3'))
    expect(await setShortPartsAside(directory)).toEqual([])
  })

  it('is kept, but not without end', async () => {
    const directory = join(store.directory, 'some-table')
    for (let block = 0; block < 12; block++) {
      const part = join(directory, `all_${block}_${block}_0`)
      await mkdir(part, { recursive: true })
      await writeFile(join(part, 'checksums.txt'), '')
      expect(await setShortPartsAside(directory)).toEqual([`all_${block}_${block}_0`])
      // Times of files have a resolution of some milliseconds.
      await sleep(20)
    }
    const kept = await readdir(join(directory, 'detached'))
    expect(kept.sort()).toEqual(
      Array.from({ length: 10 }, (_, index) => `broken_all_${index + 2}_${index + 2}_0`).sort(),
    )
  })
})
