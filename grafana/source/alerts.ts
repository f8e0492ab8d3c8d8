import { clickhouse, prometheus, sqlTarget } from './panel.ts'
import { errorGroup, inRange, minutesInRange } from './sql.ts'

/** An alert rule: fires while a number of the query is beyond the threshold. */
interface AlertRule {
  readonly uid: string
  readonly title: string
  readonly severity: 'critical' | 'warning'
  readonly summary: string
  /** How far back the query looks. */
  readonly minutes: number
  /** How long it must stay beyond the threshold. */
  readonly pending: string
  readonly query: { readonly sql: string } | { readonly expr: string }
  readonly fires: { readonly when: 'gt' | 'lt'; readonly than: number }
  /** What no data means: of events, that all is well. */
  readonly noData: 'OK' | 'Alerting'
}

export const alertRules: readonly AlertRule[] = [
  {
    uid: 'ops-529-storm',
    title: 'A provider is overloaded (529)',
    severity: 'critical',
    summary: '{{ .Labels.platform }} answered 529 {{ .Values.A }} times in 5 minutes.',
    minutes: 5,
    pending: '2m',
    query: {
      sql: `SELECT platform, sum(events) AS errors FROM ops_upstream_error_counts
WHERE ${minutesInRange} AND status_code = 529 GROUP BY platform`,
    },
    fires: { when: 'gt', than: 50 },
    noData: 'OK',
  },
  {
    uid: 'ops-429-surge',
    title: 'An account is rate limited (429)',
    severity: 'warning',
    summary:
      'Account {{ .Labels.account_id }} on {{ .Labels.platform }} was answered 429 {{ .Values.A }} times in 10 minutes.',
    minutes: 10,
    pending: '5m',
    query: {
      sql: `SELECT account_id, platform, count() AS errors FROM ops_upstream_error_events
WHERE ${inRange} AND status_code = 429 GROUP BY account_id, platform`,
    },
    fires: { when: 'gt', than: 100 },
    noData: 'OK',
  },
  {
    uid: 'ops-quota-exhausted',
    title: 'An account is out of quota',
    severity: 'critical',
    summary:
      'Account {{ .Labels.account_id }} on {{ .Labels.platform }} has no quota left: waiting does not help.',
    minutes: 10,
    pending: '0s',
    query: {
      sql: `SELECT account_id, platform, count() AS errors FROM ops_upstream_error_events
WHERE ${inRange} AND category = 'quota_exhausted' GROUP BY account_id, platform`,
    },
    fires: { when: 'gt', than: 0 },
    noData: 'OK',
  },
  {
    uid: 'ops-new-group',
    title: 'A new kind of error',
    severity: 'warning',
    summary:
      '{{ .Labels.platform }} answers {{ .Labels.status }} with an error not seen in 7 days (group {{ .Labels.error_group }}).',
    minutes: 30,
    pending: '0s',
    query: {
      sql: `SELECT ${errorGroup} AS error_group, platform, toString(any(status_code)) AS status, count() AS errors
FROM ops_upstream_error_events
WHERE ${inRange} AND fingerprint NOT IN (
  SELECT fingerprint FROM ops_upstream_error_counts
  WHERE rollup_name = '1h_group' AND bucket >= toStartOfHour($__fromTime, 'UTC') - INTERVAL 7 DAY AND bucket < toStartOfHour($__fromTime, 'UTC'))
GROUP BY fingerprint, platform`,
    },
    fires: { when: 'gt', than: 4 },
    noData: 'OK',
  },
  {
    uid: 'ops-ingestion-stopped',
    title: 'No export reaches the sidecar',
    severity: 'critical',
    summary: 'No gateway has sent an export for 15 minutes, or the sidecar is down.',
    minutes: 15,
    pending: '5m',
    query: { expr: 'sum(increase(ops_receiver_requests_total[15m]))' },
    fires: { when: 'lt', than: 1 },
    noData: 'Alerting',
  },
  {
    uid: 'ops-delivery-lag',
    title: 'Events are late in ClickHouse',
    severity: 'warning',
    summary: 'The oldest acknowledged event waits for {{ .Values.A }} s; /readyz of the sidecar says why.',
    minutes: 10,
    pending: '5m',
    query: { expr: 'max(ops_delivery_lag_seconds)' },
    fires: { when: 'gt', than: 60 },
    noData: 'OK',
  },
]

/** The rules as Grafana's file provisioning reads them. Their queries are taken as they stand, `$` included. */
export function renderAlerts(): object {
  return {
    apiVersion: 1,
    groups: [
      {
        orgId: 1,
        name: 'ops-sidecar',
        folder: 'ops-sidecar',
        interval: '1m',
        rules: alertRules.map(renderRule),
      },
    ],
  }
}

function renderRule(rule: AlertRule): object {
  const relativeTimeRange = { from: rule.minutes * 60, to: 0 }
  const source = 'sql' in rule.query ? clickhouse : prometheus
  const model =
    'sql' in rule.query
      ? sqlTarget('table', rule.query.sql)
      : { refId: 'A', datasource: prometheus, expr: rule.query.expr, instant: true }
  return {
    uid: rule.uid,
    title: rule.title,
    condition: 'C',
    for: rule.pending,
    noDataState: rule.noData,
    execErrState: 'Error',
    labels: { severity: rule.severity, team: 'gateway' },
    annotations: { summary: rule.summary },
    data: [
      { refId: 'A', relativeTimeRange, datasourceUid: source.uid, model },
      expression('B', relativeTimeRange, { type: 'reduce', expression: 'A', reducer: 'last' }),
      expression('C', relativeTimeRange, {
        type: 'threshold',
        expression: 'B',
        conditions: [{ evaluator: { type: rule.fires.when, params: [rule.fires.than] } }],
      }),
    ],
  }
}

function expression(refId: string, relativeTimeRange: object, model: object): object {
  const datasource = { type: '__expr__', uid: '__expr__' }
  return { refId, relativeTimeRange, datasourceUid: '__expr__', model: { refId, datasource, ...model } }
}
