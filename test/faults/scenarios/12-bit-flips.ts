import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { flipBit, frameEnds } from '../harness/frame-ends.ts'
import { copySegments, fillJournal, oneByOne, segmentPaths } from '../harness/idle-journal.ts'
import { readWholeJournal } from '../harness/open-journal.ts'
import type { Scenario } from '../scenario.ts'

/**
 * A disk that gives back other bytes than it took. A record is lost, its neighbours are not, and what is reported as
 * lost is what is lost: in the journal alone for many bits, then by a sidecar that starts on one.
 */
export const bitFlips: Scenario = {
  row: 12,
  fault: 'bit flips in the journal',
  async run({ long, random, directory, trial }) {
    const violations: string[] = []
    let runs = 0
    const audit = await trial(async (on) => {
      await fillJournal(on, 700)
      const segment = segmentPaths(on.journalDir)[0] ?? ''
      const name = segment.slice(segment.lastIndexOf('/') + 1)
      const ends = await frameEnds(segment)
      const whole = await readWholeJournal(copySegments(on.journalDir, join(directory(), 'whole')))
      const lastBit = (ends.at(-2) ?? 0) * 8
      for (let flip = 0; flip < (long ? 5000 : 120); flip++) {
        // All frames but the last, whose damage is that of a torn tail; some in the segment's header.
        const bit = Math.floor(random() * (flip % 10 === 0 ? 4096 * 8 : lastBit))
        const copy = copySegments(on.journalDir, join(directory(), 'flipped'))
        await flipBit(join(copy, name), bit)
        const { sequences, reportedLost } = await readWholeJournal(copy)
        const lost = whole.sequences.filter((sequence) => !sequences.includes(sequence)).length
        const invented = sequences.filter((sequence) => !whole.sequences.includes(sequence)).length
        if (lost !== reportedLost || lost > 1 || invented > 0)
          violations.push(`bit ${bit}: ${lost} lost, ${reportedLost} reported, ${invented} made up`)
        rmSync(copy, { recursive: true })
        runs++
      }
      await flipBit(segment, ((ends[2] ?? 0) - 20) * 8)
      const sidecar = await on.start()
      await on.client.resend(1000)
      runs++
      const gap = await reportedGap(() => sidecar.stderr())
      if (gap !== 1) on.violation(`I6: one record is damaged, ${gap} are reported as lost`)
      on.reportLost(gap)
    }, oneByOne)
    return { status: 'ran', runs, audits: [audit], violations: violations.slice(0, 3) }
  },
}

/** Records that a sidecar's log reports as lost, waiting until it has read the journal. */
async function reportedGap(log: () => string): Promise<number> {
  for (let wait = 0; wait < 100 && !log().includes('sequence_gap'); wait++)
    await new Promise((resolve) => setTimeout(resolve, 50))
  let lost = 0
  for (const line of log().split('\n')) {
    if (!line.includes('sequence_gap')) continue
    const { alarm } = JSON.parse(line) as { alarm: { firstSequence: number; lastSequence: number } }
    lost += alarm.lastSequence - alarm.firstSequence + 1
  }
  return lost
}
