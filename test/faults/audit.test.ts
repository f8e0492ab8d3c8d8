import { describe, expect, it } from 'vitest'
import { auditStore } from './harness/audit.ts'
import { tallyOf } from './harness/event-tally.ts'
import { counterMismatches } from './harness/metrics.ts'

function audit(
  changes: { stored?: string[]; listed?: string[]; rollup?: number; reportedLost?: number } = {},
) {
  const stored = changes.stored ?? ['r-1', 'r-2']
  return auditStore({
    ledger: {
      sent: tallyOf(['r-1', 'r-2', 'r-3']),
      acknowledged: tallyOf(['r-1', 'r-2']),
      answers: new Map(),
    },
    store: {
      stored: tallyOf(stored),
      distinctEventIds: new Set(stored).size,
      rollups: [{ name: 'counts', events: changes.rollup ?? stored.length, differences: 0 }],
    },
    read: { list: tallyOf(changes.listed ?? stored) },
    reportedLost: changes.reportedLost ?? 0,
  })
}

describe('the comparison of ledger and store', () => {
  it('passes when all that was acknowledged is stored once, and events without an answer are stored or not', () => {
    expect(audit().violations).toEqual([])
    expect(audit({ stored: ['r-1', 'r-2', 'r-3'] }).violations).toEqual([])
  })

  it('tells an acknowledged event that is not stored', () => {
    const { tally, violations } = audit({ stored: ['r-1'] })
    expect(tally).toMatchObject({ acknowledged: 2, stored: 1, lost: 1 })
    expect(violations).toEqual([expect.stringContaining('I1')])
  })

  it('accepts a loss only when it is reported with its number', () => {
    expect(audit({ stored: ['r-1'], reportedLost: 1 }).violations).toEqual([])
    expect(audit({ reportedLost: 1 }).violations).toEqual([expect.stringContaining('I6')])
  })

  it('tells rows that are stored twice', () => {
    const { tally, violations } = audit({ stored: ['r-1', 'r-2', 'r-2'] })
    expect(tally.doubled).toBe(1)
    expect(violations).toEqual([expect.stringContaining('I2')])
  })

  it('tells an API and a rollup that disagree with the rows', () => {
    expect(audit({ listed: ['r-1'] }).violations).toEqual([
      expect.stringContaining("the API's list gives 1 rows"),
    ])
    expect(audit({ rollup: 3 }).violations).toEqual([expect.stringContaining('counts counts 3 of 2 rows')])
  })

  it('tells an event that nobody sent', () => {
    expect(audit({ stored: ['r-1', 'r-2', 'x-9'] }).violations).toEqual([expect.stringContaining('I3')])
  })
})

describe('the sums of the counters', () => {
  const counters = (stored: number, pending: number, signal = 'logs') =>
    new Map([
      [`ops_events_received_total{${signal}}`, 5],
      [`ops_events_recovered_total{${signal}}`, 1],
      [`ops_events_skipped_total{${signal}}`, 2],
      [`ops_events_stored_total{${signal}}`, stored],
      [`ops_events_pending{${signal}}`, pending],
    ])

  it('agree when every event that came went somewhere', () => {
    expect(counterMismatches(counters(4, 0))).toEqual([])
  })

  it('tell an event too many, too few, or pending when all is delivered', () => {
    expect(counterMismatches(counters(5, 0))).toEqual([expect.stringContaining('logs do not add up by 1')])
    expect(counterMismatches(counters(3, 0))).toEqual([expect.stringContaining('by -1')])
    expect(counterMismatches(counters(3, 1))).toEqual([expect.stringContaining('pending 1')])
    expect(counterMismatches(counters(5, -1))).toEqual([expect.stringContaining('pending -1')])
  })

  it('are not evened out between signals', () => {
    const both = new Map([...counters(5, 0), ...counters(3, 0, 'traces')])
    expect(counterMismatches(both).length).toBe(2)
  })
})
