/** Filters on columns of `ops_upstream_error_events`, each compared for equality with a bound parameter. */
export const filterTypes = {
  platform: 'String',
  model: 'String',
  status_code: 'UInt16',
  account_id: 'String',
  group_id: 'String',
  request_id: 'String',
  trace_id: 'String',
  kind: 'String',
} as const

export type FilterName = keyof typeof filterTypes
export type Filters = { readonly [Name in FilterName]?: string | number | undefined }

export interface Conditions {
  readonly sql: readonly string[]
  readonly params: Readonly<Record<string, string | number>>
}

/** SQL conditions of the filters that are set; values only as parameters. */
export function filterConditions(filters: Filters): Conditions {
  const sql: string[] = []
  const params: Record<string, string | number> = {}
  for (const [name, type] of Object.entries(filterTypes) as [FilterName, string][]) {
    const value = filters[name]
    if (value === undefined) continue
    sql.push(`${name} = {${name}:${type}}`)
    params[name] = value
  }
  return { sql, params }
}
