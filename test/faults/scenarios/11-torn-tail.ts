import { rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { frameEnds, writeGarbage } from '../harness/frame-ends.ts'
import { copySegments, fillJournal, oneByOne, segmentPaths } from '../harness/idle-journal.ts'
import { readWholeJournal } from '../harness/open-journal.ts'
import type { Scenario } from '../scenario.ts'

const lastFrames = 3

/**
 * The newest segment cut short within its last commits, which then count as never acknowledged: all before them
 * stays, and nothing is made up. Then garbage behind the last record of a sidecar that starts on it.
 */
export const tornTail: Scenario = {
  row: 11,
  fault: 'torn tail of the journal',
  async run({ long, random, directory, trial }) {
    const violations: string[] = []
    let runs = 0
    const audit = await trial(async (on) => {
      await fillJournal(on, 1000)
      const newest = segmentPaths(on.journalDir).at(-1) ?? ''
      const ends = await frameEnds(newest)
      const cuts = cutPlaces(ends, long ? 1 : 29)
      const whole = await readWholeJournal(copySegments(on.journalDir, join(directory(), 'whole')))
      for (const cut of cuts) {
        const copy = copySegments(on.journalDir, join(directory(), 'cut'))
        truncateSync(join(copy, newest.slice(newest.lastIndexOf('/') + 1)), cut)
        const kept = whole.sequences.length - ends.filter((end) => end > cut).length
        const { sequences } = await readWholeJournal(copy)
        if (
          !sequences.every((sequence, index) => sequence === whole.sequences[index]) ||
          sequences.length !== kept
        )
          violations.push(`cut at ${cut}: ${sequences.length} records instead of ${kept}`)
        rmSync(copy, { recursive: true })
        runs++
      }
      await writeGarbage(newest, ends.at(-1) ?? 0, random)
      runs++
    }, oneByOne)
    return { status: 'ran', runs, audits: [audit], violations: violations.slice(0, 3) }
  },
}

/** Every `step`-th byte of the last frames, their borders included. */
function cutPlaces(ends: readonly number[], step: number): number[] {
  const last = ends.at(-1) ?? 0
  const first = ends.at(-1 - lastFrames) ?? 0
  const cuts = new Set(ends.slice(-1 - lastFrames))
  for (let place = first; place <= last; place += step) cuts.add(place)
  return [...cuts].sort((a, b) => a - b)
}
