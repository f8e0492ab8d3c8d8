import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CommitBuffer, createCommitBuffers } from '../../src/journal/commit-buffers.ts'

const mib = 1024 * 1024

describe('memory for commits', () => {
  it('is nobody else’s until it is given back, in whatever order', () => {
    const size = fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 1, max: mib + 10 }))
    const step = fc.oneof(
      fc.record({ take: size, giveBack: fc.constant(undefined) }),
      fc.record({ take: fc.constant(undefined), giveBack: fc.nat() }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat({ max: 3 }), (steps, spare) => {
        const take = createCommitBuffers(spare * mib)
        const held: { buffer: CommitBuffer; mark: number }[] = []
        let mark = 0
        for (const { take: bytes, giveBack } of steps) {
          if (bytes !== undefined) {
            const buffer = take(bytes)
            expect(buffer.bytes.length).toBe(bytes)
            mark = (mark + 1) % 256
            held.push({ buffer, mark })
            buffer.bytes.fill(mark)
          } else if (held.length > 0) {
            const [given] = held.splice((giveBack as number) % held.length, 1)
            given?.buffer.giveBack()
          }
          for (const { buffer, mark: own } of held) {
            expect([buffer.bytes[0], buffer.bytes.at(-1)]).toEqual([own, own])
          }
        }
      }),
      { numRuns: 200 },
    )
  })

  it('stays the same while commits come and go', () => {
    const take = createCommitBuffers(4 * mib)
    const seen = new Set<ArrayBufferLike>()
    const held: CommitBuffer[] = []
    for (let commit = 0; commit < 400; commit++) {
      const buffer = take(50_000)
      seen.add(buffer.bytes.buffer)
      held.push(buffer)
      // As delivery does: all of a batch at once.
      if (held.length === 60) for (const each of held.splice(0)) each.giveBack()
    }
    expect(seen.size).toBeLessThanOrEqual(5)
  })

  it('is kept only up to a bound', () => {
    const take = createCommitBuffers(2 * mib)
    const all = Array.from({ length: 10 }, () => take(mib))
    for (const { giveBack } of all) giveBack()
    // The last one is the one that is written to.
    expect(all.map(({ bytes }) => bytes.length > 0)).toEqual(all.map((_, index) => index < 2 || index === 9))
  })
})
