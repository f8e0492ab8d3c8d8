import { upstreamErrorColumns } from '../../event/tables.ts'
import type { Query } from '../query.ts'
import { fingerprintText } from './event-columns.ts'
import { type ListRequest, listQuery } from './list-upstream-errors.ts'

/** Time for one file: 20 million events take minutes. */
const timeoutSeconds = 3600

/** The events of a list with types that Parquet readers know: ids and fingerprints as text, times in UTC. */
export function parquetQuery(request: ListRequest): Query {
  const select = upstreamErrorColumns
    .filter(({ name }) => request.columns.includes(name))
    .map(({ name, type }) => {
      if (name === 'fingerprint') return `${fingerprintText} AS fingerprint`
      if (type === 'UUID') return `toString(${name}) AS ${name}`
      return type.startsWith('LowCardinality') ? `CAST(${name}, 'String') AS ${name}` : name
    })
  const query = listQuery({ ...request, class: 'export' }, select.join(', '))
  return {
    ...query,
    settings: {
      ...query.settings,
      max_execution_time: timeoutSeconds,
      max_result_bytes: 0,
      max_threads: 1,
      output_format_parquet_row_group_size: 50_000,
      output_format_parquet_string_as_string: 1,
      output_format_parquet_compression_method: "'zstd'",
    },
  }
}
