import { tables } from '../event/tables.ts'
import { localTable } from './cluster.ts'
import { renderParameters } from './render-parameters.ts'
import { rollupTable } from './rollups.ts'

/**
 * The setting under which the engine shows a query only rows of these namespaces, wherever in it a table is named; none
 * for undefined. A table without the column fails the query, so that counts of all namespaces cannot slip through.
 * Source: https://clickhouse.com/docs/operations/settings/settings#additional_table_filters
 */
export function restrictNamespaces(
  serviceNamespaces: readonly string[] | undefined,
): Readonly<Record<string, string>> {
  if (serviceNamespaces === undefined) return {}
  const condition = renderParameters('service_namespace IN {namespaces:Array(String)}', {
    namespaces: serviceNamespaces,
  })
  const names = [...[...tables.values()].map((table) => table.name), rollupTable]
  // On a cluster, the shards read their own tables.
  const filters = names
    .flatMap((table) => [table, localTable(table)])
    .map((table) => renderParameters('{table:String}: {condition:String}', { table, condition }))
  return { additional_table_filters: `{${filters.join(', ')}}` }
}
