import { upstreamErrorColumns } from '../../event/tables.ts'
import {
  type ErrorCategory,
  type ErrorKind,
  errorCategories,
  errorKinds,
} from '../../event/upstream-error-event.ts'

/** How the values of a column are given and compared. */
export type FilterForm = 'text' | 'hex' | 'number' | 'flag' | 'fingerprint'

interface FilterColumn {
  readonly name: string
  readonly form: FilterForm
  /** 0 stands for what is not known. */
  readonly zeroIsAbsent?: true
  readonly maxNumber?: number
  readonly choices?: readonly (ErrorKind | ErrorCategory)[]
}

/** Read only for one event, or when they are asked for. */
const notFiltered = new Set(['event_id', 'created_at', 'ingested_at', 'error_message', 'attributes'])
const bodies = /_(headers|body)$/
const hexColumns = new Set(['trace_id', 'span_id'])
const absentZeros = new Set(['retry_after_ms', 'latency_ms', 'time_to_first_token_ms'])
const choicesOf = new Map<string, FilterColumn['choices']>([
  ['kind', errorKinds],
  ['category', errorCategories],
])

/** Every column of `ops_upstream_error_events` that a list can be filtered by, in the order of the table. */
export const filterColumns: readonly FilterColumn[] = upstreamErrorColumns
  .filter(({ name }) => !notFiltered.has(name) && !bodies.test(name))
  .map(({ name, type }) => {
    if (name === 'fingerprint') return { name, form: 'fingerprint' }
    if (type === 'Bool') return { name, form: 'flag' }
    if (type.startsWith('UInt')) {
      const maxNumber = 2 ** Number(type.slice(4)) - 1
      return { name, form: 'number', maxNumber, ...(absentZeros.has(name) ? { zeroIsAbsent: true } : {}) }
    }
    const choices = choicesOf.get(name)
    return { name, form: hexColumns.has(name) ? 'hex' : 'text', ...(choices ? { choices } : {}) }
  })

/** Those that name one request or one trace: few rows, found through an index whatever the range is. */
export const idColumns: readonly string[] = [
  'request_id',
  'client_request_id',
  'trace_id',
  'upstream_request_id',
]
