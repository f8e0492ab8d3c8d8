import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fillJournal, segmentPaths } from '../harness/idle-journal.ts'
import type { Trial } from '../harness/trial.ts'
import type { Scenario } from '../scenario.ts'

/** Files of a version that this one does not know: it refuses to start and leaves them as they are. */
export const unknownFormat: Scenario = {
  row: 22,
  fault: 'journal or checkpoint of an unknown format version',
  async run({ trial }) {
    const audit = await trial(async (on) => {
      await fillJournal(on, 700)
      const segment = segmentPaths(on.journalDir).at(-1) ?? ''
      await expectRefusal(on, segment, (bytes) => {
        bytes.writeUInt32LE(2, 8)
        bytes.writeUInt32LE(~2 >>> 0, 12)
      })
      const checkpoint = join(on.journalDir, 'checkpoint.json')
      writeFileSync(checkpoint, '{"version":1,"delivered":0,"frozen":null}')
      await expectRefusal(on, checkpoint, (bytes) => void bytes.write('{"version":2', 0))
    })
    return { status: 'ran', runs: 2, audits: [audit] }
  },
}

/** Changes a file, starts on it, compares, and changes it back. */
async function expectRefusal(on: Trial, path: string, change: (bytes: Buffer) => void): Promise<void> {
  const good = readFileSync(path)
  const changed = Buffer.from(good)
  change(changed)
  writeFileSync(path, changed)
  const names = readdirSync(on.journalDir)
  const start = await on.tryStart()
  if (start.status === 'up') {
    on.violation(`starts on ${path}`)
    await on.kill()
  } else if (!start.stderr.includes('version')) {
    on.violation(`does not say that the version is unknown: ${start.stderr.slice(0, 200)}`)
  }
  const missing = names.filter((name) => !readdirSync(on.journalDir).includes(name))
  if (missing.length > 0) on.violation(`deleted ${missing.join(', ')}`)
  if (!readFileSync(path).equals(changed)) on.violation(`changed ${path}`)
  writeFileSync(path, good)
}
