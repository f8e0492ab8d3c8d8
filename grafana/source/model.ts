import { consoleVariable, type Dashboard, type Variable } from './dashboard.ts'
import { table, timeseries } from './panel.ts'
import {
  bucketTime,
  chosen,
  consoleLink,
  eventTime,
  hoursInRange,
  inRange,
  platformVariable,
  statusLabel,
} from './sql.ts'

const modelVariable: Variable = {
  name: 'model',
  label: 'Model',
  sql: `SELECT DISTINCT model FROM ops_upstream_error_counts WHERE ${hoursInRange('1h_model')} AND model != '' ORDER BY model`,
}

const conditions = `${chosen('model')} AND ${chosen('platform')}`
const events = `FROM ops_upstream_error_events WHERE ${inRange} AND ${conditions}`

export const model: Dashboard = {
  uid: 'ops-model',
  title: 'Upstream errors by model',
  description: 'Which models fail, on which platform, and how slowly.',
  from: 'now-6h',
  variables: [modelVariable, platformVariable, consoleVariable],
  rows: [
    {
      height: 9,
      panels: [
        [
          12,
          timeseries(
            { title: 'By model', stacked: true, interval: '1h' },
            `SELECT ${bucketTime}, model AS series, sum(events) AS errors FROM ops_upstream_error_counts
WHERE ${hoursInRange('1h_model')} AND ${conditions} GROUP BY time, series ORDER BY time, series`,
          ),
        ],
        [
          12,
          timeseries(
            { title: 'By status', stacked: true, interval: '1m' },
            `SELECT ${eventTime}, ${statusLabel} AS series, count() AS errors ${events} GROUP BY time, series ORDER BY time, series`,
          ),
        ],
      ],
    },
    {
      height: 9,
      panels: [
        [
          12,
          timeseries(
            {
              title: 'Time to the failure',
              unit: 'ms',
              interval: '1m',
              description: 'Of failed attempts only.',
            },
            `SELECT ${eventTime}, quantile(0.5)(latency_ms) AS p50, quantile(0.9)(latency_ms) AS p90, quantile(0.99)(latency_ms) AS p99
${events} AND latency_ms > 0 GROUP BY time ORDER BY time`,
          ),
        ],
        [
          12,
          table(
            { title: 'Models', units: { 'p50 latency': 'ms' }, links: { model: consoleLink('model') } },
            `SELECT model, platform, count() AS errors, uniq(account_id) AS accounts, countIf(stream) AS streams,
  quantileIf(0.5)(latency_ms, latency_ms > 0) AS \`p50 latency\`, max(created_at) AS \`last seen\`
${events} GROUP BY model, platform ORDER BY errors DESC LIMIT 50`,
          ),
        ],
      ],
    },
  ],
}
