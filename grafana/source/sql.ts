import type { Variable } from './dashboard.ts'
import type { Link } from './panel.ts'

/**
 * Pieces of SQL that several panels share. `created_at` has milliseconds, so its bounds are `$__timeFilter_ms`: those of
 * `$__timeFilter` are whole seconds, and the engine finds no row of the last one before such a bound.
 */
export const inRange = '$__timeFilter_ms(created_at)'

/** Rows of `ops_upstream_error_counts`: the minutes of the range, those cut by its ends as a whole. */
export const minutesInRange = `rollup_name = '1m' AND bucket >= toStartOfMinute($__fromTime, 'UTC') AND bucket <= $__toTime`

/** The hours of the range in an hourly rollup of `ops_upstream_error_counts`, those cut by its ends as a whole. */
export function hoursInRange(rollup: HourlyRollup): string {
  return `rollup_name = '${rollup}' AND bucket >= toStartOfHour($__fromTime, 'UTC') AND bucket <= $__toTime`
}

export type HourlyRollup = '1h_account' | '1h_group' | '1h_model'

export const bucketTime = 'toStartOfInterval(bucket, INTERVAL $__interval_s second) AS time'
export const eventTime = '$__timeInterval(created_at) AS time'

/** A multi-value variable on the column of its name; All takes everything. */
export function chosen(column: string, variable = column): string {
  return `$__conditionalAll(${column} IN (\${${variable}:singlequote}), $${variable})`
}

/** Status as people group it. */
export const statusLabel = `multiIf(status_code = 0, 'no answer', toString(status_code))`

/** A fingerprint as the API and the console write it. */
export const errorGroup = `leftPad(lower(hex(fingerprint)), 16, '0')`

/**
 * Counts of a column over exactly the range: whole hours from the rollup, the rest of the first and the last hour from
 * the events. Rows of `key`, `n`, and `status_code`.
 */
export function countsBy(
  column: string,
  rollup: HourlyRollup,
  conditions: readonly string[] = ['1 = 1'],
): string {
  const firstWhole = `toStartOfHour(addSeconds($__fromTime, 3599), 'UTC')`
  const afterWhole = `toStartOfHour($__toTime, 'UTC')`
  const where = conditions.join(' AND ')
  return `SELECT ${column} AS key, status_code, sum(events) AS n FROM ops_upstream_error_counts
    WHERE rollup_name = '${rollup}' AND bucket >= ${firstWhole} AND bucket < ${afterWhole} AND ${where} GROUP BY key, status_code
  UNION ALL
  SELECT ${column} AS key, status_code, toInt64(count()) AS n FROM ops_upstream_error_events
    WHERE ${inRange} AND (created_at < toDateTime64(${firstWhole}, 3, 'UTC') OR created_at >= toDateTime64(${afterWhole}, 3, 'UTC')) AND ${where}
    GROUP BY key, status_code`
}

export const platformVariable: Variable = {
  name: 'platform',
  label: 'Platform',
  sql: `SELECT DISTINCT platform FROM ops_upstream_error_counts WHERE ${minutesInRange} ORDER BY platform`,
}

/** Events of a column's value in the console; the range goes along. */
export function consoleLink(parameter: string): Link {
  return {
    title: 'Open in the console',
    url: `\${console}/?view=errors&from=\${__from:date:iso}&to=\${__to:date:iso}&${parameter}=\${__value.raw:percentencode}`,
  }
}
