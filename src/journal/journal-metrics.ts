import { Gauge } from 'prom-client'
import type { Metrics } from '../metrics/metrics.ts'
import type { Journal, JournalStats } from './journal.ts'

/** Gauges of the journal's state, read when they are scraped. */
export function observeJournal(metrics: Metrics, journal: Pick<Journal, 'stats'>): void {
  const gauge = (name: string, help: string, read: (stats: JournalStats) => number): void => {
    new Gauge({
      name,
      help,
      registers: [metrics.registry],
      collect() {
        this.set(read(journal.stats()))
      },
    })
  }
  gauge('ops_journal_records', 'Records that are durable and not yet released.', (stats) => stats.records)
  gauge('ops_journal_bytes', 'Bytes of the records in live segments.', (stats) => stats.bytes)
  gauge(
    'ops_journal_disk_bytes',
    'Bytes of the journal on disk; the cap counts these.',
    (stats) => stats.diskBytes,
  )
  gauge('ops_journal_queued_bytes', 'Bytes that wait for their commit.', (stats) => stats.queuedBytes)
  gauge('ops_journal_segments', 'Live segments.', (stats) => stats.segments)
  gauge('ops_journal_writable', '1 while the journal takes records.', (stats) => Number(stats.writable))
  gauge(
    'ops_journal_poisoned_segments',
    'Segments given up after a failed write or sync.',
    (stats) => stats.poisonedSegments,
  )
  gauge('ops_journal_quarantined_bytes', 'Damaged bytes put aside.', (stats) => stats.quarantinedBytes)
  gauge(
    'ops_journal_sequence_gaps',
    'Acknowledged records that could not be read.',
    (stats) => stats.sequenceGaps,
  )
  gauge('ops_delivery_lag_seconds', 'Age of the oldest record that is not stored.', lagSeconds)
}

export function lagSeconds(stats: JournalStats): number {
  return stats.oldestAppendedAtMs === undefined
    ? 0
    : Math.max(0, (Date.now() - stats.oldestAppendedAtMs) / 1000)
}
