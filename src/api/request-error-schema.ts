import { Type } from 'typebox'
import { requestErrorColumns } from '../event/tables.ts'
import { listedRequestErrorColumns } from '../store/queries/request-errors.ts'
import { columnSchema } from './event-schema.ts'

const listed = new Set<string>(listedRequestErrorColumns)
const properties = (names: (name: string) => boolean) =>
  requestErrorColumns
    .filter((column) => column.name !== 'event_id' && names(column.name))
    .map((column) => [column.name, columnSchema(column.name, column.type)] as const)

const id = Type.String({ format: 'uuid' })

/** The id of an error record in a path. */
export const errorIdParams = Type.Object({
  id: Type.String({ pattern: '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' }),
})

/** OpsErrorLog. */
export const requestErrorSchema = Type.Unsafe<Record<string, unknown>>(
  Type.Object({ id, ...Object.fromEntries(properties((name) => listed.has(name))) }),
)

/** OpsErrorLogDetail, with the attempts as the JSON text of the seed and as events. */
export const requestErrorDetailSchema = Type.Unsafe<Record<string, unknown>>(
  Type.Object({
    id,
    ...Object.fromEntries(properties(() => true)),
    upstream_errors: Type.String({ description: 'The failed attempts as the text of a JSON array' }),
    upstream_error_events: Type.Array(
      Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true }),
    ),
  }),
)
