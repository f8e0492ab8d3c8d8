import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { loadConfig } from '../src/config.ts'
import { journalDirectory, openConfiguredJournal } from '../src/open-configured-journal.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'ops-configured-journal-'))
afterEach(() => rmSync(dataDir, { recursive: true }))

it('bears a segment that cannot be read as long as OPS_JOURNAL_READ_PATIENCE says', async () => {
  const config = loadConfig({
    OPS_DATA_DIR: dataDir,
    OPS_JOURNAL_SEGMENT_BYTES: '64KiB',
    OPS_JOURNAL_MAX_BYTES: '1MiB',
    OPS_JOURNAL_MIN_FREE_DISK_BYTES: '0',
    OPS_JOURNAL_READ_PATIENCE: '1s',
  })
  const before = await openConfiguredJournal(config, 0)
  for (let record = 0; record < 5; record++) await before.append(Buffer.alloc(30_000, record))
  await before.close()

  const codes: string[] = []
  const journal = await openConfiguredJournal(config, 0, ({ code }) => codes.push(code))
  const [first = ''] = readdirSync(journalDirectory(config)).sort()
  const path = join(journalDirectory(config), first)
  // A directory opens as a file does, and cannot be read.
  rmSync(path)
  mkdirSync(path)
  const startedAtMs = performance.now()
  const read = () => journal.read(0, { maxRecords: 100, maxBytes: 2 ** 20 })
  let records = await read().catch(() => undefined)
  while (records === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    records = await read().catch(() => undefined)
  }
  const heldUpMs = performance.now() - startedAtMs
  expect(records.map(({ payload }) => payload[0])).toEqual([2, 3, 4])
  expect(heldUpMs).toBeGreaterThan(950)
  expect(heldUpMs).toBeLessThan(20_000)
  expect(codes).toContain('segment_given_up')
  expect(journal.stats().sequenceGaps).toBe(2)
  await journal.close()
})
