import type { Dashboard } from './dashboard.ts'
import { promLines } from './panel.ts'

const rate = (metric: string, by = ''): string => `sum${by}(rate(${metric}[$__rate_interval]))`
const quantile = (share: number, histogram: string): string =>
  `histogram_quantile(${share}, sum by (le) (rate(${histogram}_bucket[$__rate_interval])))`

export const health: Dashboard = {
  uid: 'ops-health',
  title: 'Sidecar health',
  description: 'Of the sidecar itself, from its /metrics.',
  from: 'now-3h',
  variables: [],
  rows: [
    {
      height: 8,
      panels: [
        [
          12,
          promLines(
            {
              title: 'Events',
              unit: 'ops',
              description:
                'received + recovered = stored + skipped + rejected + duplicate + dead-lettered + lost + pending',
            },
            {
              received: rate('ops_events_received_total'),
              stored: rate('ops_events_stored_total'),
              skipped: rate('ops_events_skipped_total'),
              duplicate: rate('ops_events_duplicate_total'),
              rejected: rate('ops_events_rejected_total'),
              'dead-lettered': rate('ops_events_dead_lettered_total'),
              lost: rate('ops_events_lost_total'),
            },
          ),
        ],
        [
          12,
          promLines(
            { title: 'Requests by outcome', unit: 'reqps' },
            { '{{outcome}}': rate('ops_receiver_requests_total', ' by (outcome) ') },
          ),
        ],
      ],
    },
    {
      height: 8,
      panels: [
        [8, promLines({ title: 'Delivery lag', unit: 's' }, { '{{instance}}': 'ops_delivery_lag_seconds' })],
        [
          8,
          promLines(
            { title: 'Events not yet stored' },
            { '{{signal}}': 'sum by (signal) (ops_events_pending)' },
          ),
        ],
        [
          8,
          promLines(
            { title: 'Journal', unit: 'bytes' },
            {
              records: 'sum(ops_journal_bytes)',
              'on disk': 'sum(ops_journal_disk_bytes)',
              quarantined: 'sum(ops_journal_quarantined_bytes)',
            },
          ),
        ],
      ],
    },
    {
      height: 8,
      panels: [
        [
          8,
          promLines(
            { title: 'Journal commits', unit: 's' },
            {
              p50: quantile(0.5, 'ops_journal_commit_seconds'),
              p99: quantile(0.99, 'ops_journal_commit_seconds'),
            },
          ),
        ],
        [
          8,
          promLines(
            { title: 'Inserts', unit: 's' },
            {
              p50: quantile(0.5, 'ops_delivery_insert_seconds'),
              p99: quantile(0.99, 'ops_delivery_insert_seconds'),
            },
          ),
        ],
        [
          8,
          promLines(
            { title: 'API requests', unit: 's' },
            { p50: quantile(0.5, 'ops_api_request_seconds'), p99: quantile(0.99, 'ops_api_request_seconds') },
          ),
        ],
      ],
    },
    {
      height: 8,
      panels: [
        [
          8,
          promLines(
            { title: 'Inserts by outcome', unit: 'ops' },
            { '{{outcome}}': rate('ops_delivery_inserts_total', ' by (outcome) ') },
          ),
        ],
        [
          8,
          promLines(
            { title: 'Memory', unit: 'bytes' },
            { '{{instance}}': 'ops_process_resident_memory_bytes' },
          ),
        ],
        [
          8,
          promLines(
            { title: 'CPU', unit: 'percentunit' },
            { '{{instance}}': 'rate(ops_process_cpu_seconds_total[$__rate_interval])' },
          ),
        ],
      ],
    },
  ],
}
