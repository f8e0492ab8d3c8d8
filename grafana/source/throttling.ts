import { consoleVariable, type Dashboard } from './dashboard.ts'
import { bars, table, timeseries } from './panel.ts'
import { chosen, consoleLink, eventTime, inRange, platformVariable } from './sql.ts'

const createdMs = 'toUnixTimestamp64Milli(created_at)'
const throttled = `FROM ops_upstream_error_events WHERE ${inRange} AND ${chosen('platform')} AND retry_after_ms > 0`

export const throttling: Dashboard = {
  uid: 'ops-throttling',
  title: 'Throttling and retry-after',
  description: 'Which accounts wait, for how long, and when they may go on.',
  from: 'now-3h',
  variables: [platformVariable, consoleVariable],
  rows: [
    {
      height: 10,
      panels: [
        [
          24,
          table(
            {
              title: 'Throttled now',
              description: 'Accounts whose provider asked to wait beyond this moment.',
              units: { 'seconds left': 's' },
              links: { account: consoleLink('account_id') },
            },
            `SELECT account_id AS account, platform, max(created_at + toIntervalMillisecond(retry_after_ms)) AS until,
  dateDiff('second', now64(3), until) AS \`seconds left\`, count() AS errors
FROM ops_upstream_error_events
WHERE created_at > now64(3) - INTERVAL 1 DAY AND retry_after_ms > 0 AND ${chosen('platform')}
  AND created_at + toIntervalMillisecond(retry_after_ms) > now64(3)
GROUP BY account, platform ORDER BY until DESC LIMIT 100`,
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
            { title: 'Retry-after', unit: 'ms', interval: '1m' },
            `SELECT ${eventTime}, quantile(0.5)(retry_after_ms) AS p50, quantile(0.9)(retry_after_ms) AS p90, max(retry_after_ms) AS longest
${throttled} GROUP BY time ORDER BY time`,
          ),
        ],
        [
          12,
          bars(
            { title: 'Retry-after by length' },
            `SELECT multiIf(retry_after_ms <= 1000, 'up to 1 s', retry_after_ms <= 10000, 'up to 10 s', retry_after_ms <= 60000, 'up to 1 min',
  retry_after_ms <= 600000, 'up to 10 min', retry_after_ms <= 3600000, 'up to 1 h', 'longer') AS wait, count() AS errors
${throttled} GROUP BY wait ORDER BY min(retry_after_ms)`,
          ),
        ],
      ],
    },
    {
      height: 10,
      panels: [
        [
          24,
          table(
            {
              title: 'Accounts by time throttled',
              description:
                'Time of the range in which the provider had asked to wait; waits that overlap count once.',
              units: { throttled: 's', 'longest wait': 'ms' },
              links: { account: consoleLink('account_id') },
            },
            `SELECT account_id AS account, platform,
  intervalLengthSum(${createdMs}, least(${createdMs} + toInt64(retry_after_ms), toInt64(toUnixTimestamp($__toTime)) * 1000)) / 1000 AS throttled,
  count() AS errors, max(retry_after_ms) AS \`longest wait\`, max(created_at) AS \`last seen\`
${throttled} GROUP BY account, platform ORDER BY throttled DESC LIMIT 100`,
          ),
        ],
      ],
    },
  ],
}
