import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRecentEvents } from '../../src/deduplication/recent-events.ts'
import { idOf, row } from '../support/rows.ts'

describe('the window of recent events', () => {
  it('gives the rows of a claim once', () => {
    const recent = createRecentEvents(100)
    const first = recent.claim([row('a'), row('b'), row('a')])
    expect(first.rows.map(idOf)).toEqual(['a', 'b'])
    first.settle()
    expect(recent.claim([row('b'), row('c')]).rows.map(idOf)).toEqual(['c'])
  })

  it('gives abandoned rows again', () => {
    const recent = createRecentEvents(100)
    recent.claim([row('a')]).abandon()
    expect(recent.claim([row('a')]).rows.map(idOf)).toEqual(['a'])
  })

  it('tells a copy to wait for the claim that is still being written', async () => {
    const recent = createRecentEvents(100)
    const [kept, lost] = [recent.claim([row('a')]), recent.claim([row('b')])]
    const copyOfKept = recent.claim([row('a')])
    const copyOfBoth = recent.claim([row('a'), row('b')])
    expect(copyOfBoth.rows).toEqual([])
    let answered = false
    const waiting = copyOfKept.othersDurable().then((durable) => {
      answered = true
      return durable
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect(answered).toBe(false)
    kept.settle()
    lost.abandon()
    expect(await waiting).toBe(true)
    expect(await copyOfBoth.othersDurable()).toBe(false)
  })

  it('never forgets an event that was created after its horizon, and stays within its bound', () => {
    const times = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(times, fc.integer({ min: 2, max: 40 }), (createdAt, maxEvents) => {
        const recent = createRecentEvents(maxEvents)
        const rows = createdAt.map((ms, index) => row(`e${index}`, ms))
        for (const item of rows) recent.claim([item]).settle()
        expect(recent.size).toBeLessThanOrEqual(maxEvents)
        for (const item of rows) {
          if (item.createdAtMs > recent.horizonMs) expect(recent.claim([item]).rows).toEqual([])
        }
      }),
    )
  })

  it('keeps a raised horizon until it is settled', () => {
    const recent = createRecentEvents(10)
    recent.raiseHorizon(Number.POSITIVE_INFINITY)
    expect(recent.horizonMs).toBe(Number.POSITIVE_INFINITY)
    recent.settleHorizon(5)
    expect(recent.horizonMs).toBe(5)
  })
})
