import { consoleVariable, type Dashboard } from './dashboard.ts'
import { table, timeseries } from './panel.ts'
import {
  bucketTime,
  chosen,
  consoleLink,
  errorGroup,
  hoursInRange,
  inRange,
  platformVariable,
} from './sql.ts'

const conditions = chosen('platform')

export const groups: Dashboard = {
  uid: 'ops-groups',
  title: 'Error groups',
  description: 'Errors that are the same but for ids and numbers, and those that are new.',
  from: 'now-24h',
  variables: [platformVariable, consoleVariable],
  rows: [
    {
      height: 9,
      panels: [
        [
          24,
          timeseries(
            { title: 'The ten largest groups', stacked: true, interval: '1h' },
            `SELECT ${bucketTime}, ${errorGroup} AS series, sum(events) AS errors FROM ops_upstream_error_counts
WHERE ${hoursInRange('1h_group')} AND ${conditions} AND fingerprint IN (
  SELECT fingerprint FROM ops_upstream_error_counts WHERE ${hoursInRange('1h_group')} AND ${conditions}
  GROUP BY fingerprint ORDER BY sum(events) DESC LIMIT 10)
GROUP BY time, series ORDER BY time, series`,
          ),
        ],
      ],
    },
    {
      height: 12,
      panels: [
        [
          24,
          table(
            { title: 'Groups', links: { error_group: consoleLink('fingerprint') } },
            `SELECT ${errorGroup} AS error_group, platform, any(status_code) AS status, any(category) AS category,
  count() AS errors, uniq(account_id) AS accounts, min(created_at) AS \`first seen\`, max(created_at) AS \`last seen\`, any(error_message) AS message
FROM ops_upstream_error_events WHERE ${inRange} AND ${conditions}
GROUP BY fingerprint, platform ORDER BY errors DESC LIMIT 100`,
          ),
        ],
      ],
    },
    {
      height: 9,
      panels: [
        [
          24,
          table(
            {
              title: 'New groups',
              description: 'Seen in the range, and in no hour of the 30 days before it.',
              links: { error_group: consoleLink('fingerprint') },
            },
            `SELECT ${errorGroup} AS error_group, platform, any(status_code) AS status, any(category) AS category,
  sum(events) AS errors, min(bucket) AS \`first hour\`
FROM ops_upstream_error_counts
WHERE ${hoursInRange('1h_group')} AND ${conditions} AND fingerprint NOT IN (
  SELECT fingerprint FROM ops_upstream_error_counts
  WHERE rollup_name = '1h_group' AND bucket < toStartOfHour($__fromTime, 'UTC') AND bucket >= toStartOfHour($__fromTime, 'UTC') - INTERVAL 30 DAY)
GROUP BY fingerprint, platform ORDER BY errors DESC LIMIT 100`,
          ),
        ],
      ],
    },
  ],
}
