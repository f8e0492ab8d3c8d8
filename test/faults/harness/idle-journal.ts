import { copyFileSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Trial } from './trial.ts'

/** So that acknowledged rows stay in the journal: no delivery begins within the scenario. */
export const noDelivery = {
  OPS_BATCH_MAX_WAIT: '60s',
  OPS_BATCH_MIN_WAIT: '60s',
  OPS_BATCH_MAX_ROWS: '1000000',
  OPS_BATCH_MAX_BYTES: '1GiB',
} as const
/** One event a record, one record a time: a record lost is an event lost. */
export const oneByOne = {
  shape: { minEvents: 1, maxEvents: 1, maxBodyBytes: 300 },
  client: { concurrency: 1, abandonedShare: 0, repeatedShare: 0, pauseMs: 0 },
} as const

/** Fills the journal with acknowledged records for a while and ends the sidecar before it delivers any. */
export async function fillJournal(trial: Trial, ms: number): Promise<void> {
  await trial.start({ env: noDelivery })
  trial.client.start()
  await sleep(ms)
  await trial.client.pause()
  await trial.kill()
}

/** The segment files of a journal directory, oldest first, as paths. */
export function segmentPaths(journalDir: string): string[] {
  return readdirSync(journalDir)
    .filter((name) => name.endsWith('.segment'))
    .sort()
    .map((name) => join(journalDir, name))
}

/** Copies the segment files alone. */
export function copySegments(from: string, to: string): string {
  mkdirSync(to, { recursive: true })
  for (const path of segmentPaths(from)) copyFileSync(path, join(to, path.slice(path.lastIndexOf('/') + 1)))
  return to
}
