import { consoleVariable, type Dashboard } from './dashboard.ts'
import { stat, table, timeseries } from './panel.ts'
import {
  bucketTime,
  chosen,
  consoleLink,
  countsBy,
  type HourlyRollup,
  inRange,
  minutesInRange,
  platformVariable,
  statusLabel,
} from './sql.ts'

const platformChosen = chosen('platform')

function headline(title: string, condition: string) {
  return stat(
    { title },
    `SELECT ${bucketTime}, sum(events) AS errors FROM ops_upstream_error_counts
WHERE ${minutesInRange} AND ${platformChosen} AND ${condition} GROUP BY time ORDER BY time`,
  )
}

function over(title: string, label: string) {
  return timeseries(
    { title, stacked: true, interval: '1m' },
    `SELECT ${bucketTime}, ${label} AS series, sum(events) AS errors FROM ops_upstream_error_counts
WHERE ${minutesInRange} AND ${platformChosen} GROUP BY time, series ORDER BY time, series`,
  )
}

function top(title: string, column: string, rollup: HourlyRollup, dashboard: string | undefined) {
  const links = dashboard
    ? {
        [column]: {
          title: 'Details',
          url: `/d/${dashboard}?\${__url_time_range}&var-${column}=\${__value.raw:percentencode}`,
        },
      }
    : { [column]: consoleLink(column) }
  return table(
    { title, links },
    `SELECT key AS ${column}, sum(n) AS errors, sumIf(n, status_code = 429) AS \`429\`, sumIf(n, status_code = 529) AS \`529\`,
  sumIf(n, status_code >= 500 AND status_code != 529) AS \`other 5xx\`, sumIf(n, status_code = 0) AS \`no answer\`
FROM (${countsBy(column, rollup, [platformChosen])})
WHERE key != '' GROUP BY key ORDER BY errors DESC LIMIT 20`,
  )
}

export const overview: Dashboard = {
  uid: 'ops-overview',
  title: 'Upstream errors',
  description: 'What is failing, since when, and where.',
  from: 'now-3h',
  variables: [platformVariable, consoleVariable],
  rows: [
    {
      height: 4,
      panels: [
        [5, headline('Errors', '1 = 1')],
        [5, headline('429', 'status_code = 429')],
        [5, headline('529', 'status_code = 529')],
        [5, headline('Other 5xx', 'status_code >= 500 AND status_code != 529')],
        [4, headline('No answer', 'status_code = 0')],
      ],
    },
    { height: 9, panels: [[24, over('By status', statusLabel)]] },
    {
      height: 9,
      panels: [
        [12, over('By platform', 'platform')],
        [12, over('By category', 'category')],
      ],
    },
    {
      height: 10,
      panels: [
        [12, top('Accounts', 'account_id', '1h_account', 'ops-account')],
        [12, top('Models', 'model', '1h_model', 'ops-model')],
      ],
    },
    {
      height: 12,
      panels: [
        [
          24,
          table(
            {
              title: 'Newest errors',
              units: { latency: 'ms', 'retry after': 'ms' },
              links: { request: consoleLink('request_id') },
            },
            `SELECT created_at AS time, platform, model, account_id AS account, status_code AS status, category, error_message AS message,
  retry_after_ms AS \`retry after\`, latency_ms AS latency, request_id AS request
FROM ops_upstream_error_events WHERE ${inRange} AND ${platformChosen}
ORDER BY created_at DESC, event_id DESC LIMIT 50`,
          ),
        ],
      ],
    },
  ],
}
