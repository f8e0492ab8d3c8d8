import { consoleVariable, type Dashboard, type Variable } from './dashboard.ts'
import { stat, table, timeseries } from './panel.ts'
import {
  bucketTime,
  chosen,
  consoleLink,
  errorGroup,
  eventTime,
  hoursInRange,
  inRange,
  platformVariable,
  statusLabel,
} from './sql.ts'

const accountVariable: Variable = {
  name: 'account_id',
  label: 'Account',
  sql: `SELECT account_id FROM ops_upstream_error_counts
WHERE ${hoursInRange('1h_account')} AND account_id != '' GROUP BY account_id ORDER BY sum(events) DESC LIMIT 1000`,
}

const conditions = `${chosen('account_id')} AND ${chosen('platform')}`
const events = `FROM ops_upstream_error_events WHERE ${inRange} AND ${conditions}`

function headline(title: string, condition: string) {
  return stat(
    { title },
    `SELECT ${eventTime}, count() AS errors ${events} AND ${condition} GROUP BY time ORDER BY time`,
  )
}

export const account: Dashboard = {
  uid: 'ops-account',
  title: 'Upstream errors by account',
  description: 'Is this account burnt, throttled, or out of quota?',
  from: 'now-3h',
  variables: [accountVariable, platformVariable, consoleVariable],
  rows: [
    {
      height: 4,
      panels: [
        [6, headline('Rate limited', `category = 'rate_limited'`)],
        [6, headline('Quota exhausted', `category = 'quota_exhausted'`)],
        [6, headline('Rejected credentials', `category = 'auth'`)],
        [6, headline('Upstream failures', 'status_code >= 500 OR status_code = 0')],
      ],
    },
    {
      height: 9,
      panels: [
        [
          12,
          timeseries(
            { title: 'By status', stacked: true, interval: '1m' },
            `SELECT ${eventTime}, ${statusLabel} AS series, count() AS errors ${events} GROUP BY time, series ORDER BY time, series`,
          ),
        ],
        [
          12,
          timeseries(
            {
              title: 'Errors of each hour',
              interval: '1h',
              description: 'From the rollup, so that months are as quick as hours.',
            },
            `SELECT ${bucketTime}, account_id AS series, sum(events) AS errors FROM ops_upstream_error_counts
WHERE ${hoursInRange('1h_account')} AND ${conditions} GROUP BY time, series ORDER BY time, series LIMIT 5000`,
          ),
        ],
      ],
    },
    {
      height: 9,
      panels: [
        [
          12,
          table(
            { title: 'Models', links: { model: consoleLink('model') } },
            `SELECT model, count() AS errors, countIf(category = 'rate_limited') AS \`rate limited\`, max(created_at) AS \`last seen\`
${events} GROUP BY model ORDER BY errors DESC LIMIT 50`,
          ),
        ],
        [
          12,
          table(
            { title: 'What the provider said', links: { error_group: consoleLink('fingerprint') } },
            `SELECT any(error_message) AS message, count() AS errors, max(created_at) AS \`last seen\`, ${errorGroup} AS error_group
${events} GROUP BY fingerprint ORDER BY errors DESC LIMIT 50`,
          ),
        ],
      ],
    },
  ],
}
