import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openJournal } from '../../src/journal/journal.ts'
import { seededRandom } from './seeded-random.ts'

const cycles = Number(process.env.OPS_KILL_CYCLES ?? 20)
const firstOfCycle = 1_000_000

it('loses nothing that was acknowledged to kill -9, on the real file system', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ops-kill-'))
  const random = seededRandom(20_261)
  const acknowledged = new Map<number, string>()
  let killedWhileOpening = 0
  try {
    for (let cycle = 1; cycle <= cycles; cycle++) {
      const output = await runAndKill(directory, cycle * firstOfCycle, random() * 180)
      if (!output.startsWith('ready\n')) killedWhileOpening++
      for (const [, number, sequence] of output.matchAll(/^(\d+) (\d+)\n/gm)) {
        expect(acknowledged.has(Number(sequence))).toBe(false)
        acknowledged.set(Number(sequence), number ?? '')
      }
    }
    expect(killedWhileOpening).toBeLessThan(cycles / 2)
    await expectRecords(directory, acknowledged)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}, 60_000)

/** Kills the child so many ms after it is ready, a few of them before, and returns what it printed. */
async function runAndKill(directory: string, first: number, afterMs: number): Promise<string> {
  const child = spawn(process.execPath, [
    join(import.meta.dirname, 'kill-child.ts'),
    directory,
    String(first),
  ])
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const ended = once(child.stdout, 'close')
  if (afterMs > 20) await once(child.stdout, 'data')
  await new Promise((resolve) => setTimeout(resolve, afterMs))
  child.kill('SIGKILL')
  await ended
  return output
}

async function expectRecords(directory: string, acknowledged: ReadonlyMap<number, string>): Promise<void> {
  const alarms: unknown[] = []
  const { journal } = await openJournal({
    directory,
    segmentBytes: 256 * 1024,
    maxBytes: 1024 * 1024 * 1024,
    minFreeDiskBytes: 0,
    maxRecordBytes: 64 * 1024,
    maxQueuedBytes: 1024 * 1024,
    onAlarm: (alarm) => alarms.push(alarm),
  })
  const found = new Map<number, string>()
  for (let after = 0; ; ) {
    const records = await journal.read(after, { maxRecords: 10_000, maxBytes: 8 * 1024 * 1024 })
    if (records.length === 0) break
    for (const { sequence, payload } of records) {
      expect(sequence).toBeGreaterThan(after)
      after = sequence
      const text = Buffer.from(payload).toString()
      const number = text.slice(0, text.indexOf(':'))
      if (text !== `${number}:`.padEnd((Number(number) * 7919) % 6000, '.'))
        throw new Error(`not appended: ${number}`)
      found.set(sequence, number)
    }
  }
  const lost = [...acknowledged].filter(([sequence, number]) => found.get(sequence) !== number)
  expect(lost).toEqual([])
  expect(acknowledged.size).toBeGreaterThan(cycles * 20)
  expect(alarms).toEqual([])
  expect(journal.stats().sequenceGaps).toBe(0)
  await journal.close()
}
