export interface DashboardRange {
  readonly fromMs: number
  readonly toMs: number
  readonly intervalSeconds: number
}

/**
 * Does to a query what Grafana and its ClickHouse plugin (4.20.0) do before it is sent: `$__conditionalAll`, then the
 * variables, then the macros of the plugin's backend.
 * @param chosen values of the dashboard's variables; one that is missing stands at All.
 */
export function expandMacros(
  sql: string,
  range: DashboardRange,
  chosen: Readonly<Record<string, readonly string[]>> = {},
): string {
  const expanded = expandBackend(expandVariables(expandConditionalAll(sql, chosen), chosen), range)
  const left = /\$\{?\w+/.exec(expanded)
  if (left) throw new Error(`${left[0]} is neither a macro nor a variable: ${sql}`)
  return expanded
}

function expandConditionalAll(sql: string, chosen: Readonly<Record<string, readonly string[]>>): string {
  const call = '$__conditionalAll('
  let text = sql
  for (let start = text.indexOf(call); start >= 0; start = text.indexOf(call)) {
    let depth = 0
    let end = start + call.length - 1
    for (; end < text.length; end++) {
      if (text[end] === '(') depth++
      if (text[end] === ')' && --depth === 0) break
    }
    const args = text.slice(start + call.length, end)
    const comma = args.lastIndexOf(',')
    const variable = args.slice(comma + 1).trim()
    if (!/^\$\w+$/.test(variable)) throw new Error(`the second argument is to be a plain variable: ${args}`)
    const isAll = chosen[variable.slice(1)] === undefined
    text = text.slice(0, start) + (isAll ? '1=1' : args.slice(0, comma)) + text.slice(end + 1)
  }
  return text
}

function expandVariables(sql: string, chosen: Readonly<Record<string, readonly string[]>>): string {
  return sql.replaceAll(/\$\{(\w+):singlequote\}/g, (whole, name: string) => {
    const values = chosen[name]
    if (values === undefined) throw new Error(`${whole} stands outside of $__conditionalAll`)
    return values.map((value) => `'${value.replaceAll("'", "\\'")}'`).join(',')
  })
}

function expandBackend(sql: string, { fromMs, toMs, intervalSeconds }: DashboardRange): string {
  const seconds = (ms: number) => `toDateTime(${Math.floor(ms / 1000)})`
  const millis = (ms: number) => `fromUnixTimestamp64Milli(${ms})`
  const between = (column: string, literal: (ms: number) => string) =>
    `${column} >= ${literal(fromMs)} AND ${column} <= ${literal(toMs)}`
  return sql
    .replaceAll(/\$__timeFilter_ms\((\w+)\)/g, (_, column: string) => between(column, millis))
    .replaceAll(/\$__timeFilter\((\w+)\)/g, (_, column: string) => between(column, seconds))
    .replaceAll(
      /\$__timeInterval\((\w+)\)/g,
      (_, column: string) => `toStartOfInterval(toDateTime(${column}), INTERVAL ${intervalSeconds} second)`,
    )
    .replaceAll(/\$__fromTime\b/g, seconds(fromMs))
    .replaceAll(/\$__toTime\b/g, seconds(toMs))
    .replaceAll(/\$__interval_s\b/g, String(intervalSeconds))
}
