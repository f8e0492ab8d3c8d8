import { Type } from 'typebox'
import type { ColumnType } from '../event/row-binary.ts'
import { upstreamErrorColumns } from '../event/tables.ts'

const nullable = (type: string) => Type.Unsafe<unknown>({ type: [type, 'null'] })

/** A column of a table as JSON answers show it. */
export function columnSchema(name: string, type: ColumnType) {
  if (name.endsWith('_headers'))
    return Type.Unsafe<unknown>({ type: ['object', 'null'], additionalProperties: true })
  if (name === 'fingerprint') return Type.String({ description: '16 hex digits' })
  if (type === 'UUID') return Type.String({ format: 'uuid' })
  if (type.startsWith('DateTime64')) return Type.String({ format: 'date-time' })
  if (type === 'Bool') return Type.Boolean()
  if (type.startsWith('Map'))
    return Type.Unsafe<unknown>({ type: 'object', additionalProperties: { type: 'string' } })
  return nullable(type.includes('String') ? 'string' : 'integer')
}

const all = upstreamErrorColumns.map(
  (column) => [column.name, columnSchema(column.name, column.type)] as const,
)

/** An event with headers, bodies and attributes. */
export const eventSchema = Type.Unsafe<Record<string, unknown>>(Type.Object(Object.fromEntries(all)))

/** An event as lists show it: the columns asked for. */
export const listedEventSchema = Type.Unsafe<Record<string, unknown>>(
  Type.Object(Object.fromEntries(all.map(([name, schema]) => [name, Type.Optional(schema)]))),
)

/** RFC 9457. */
export const problemSchema = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  code: Type.String({ description: 'Stable; see docs/errors.md' }),
  detail: Type.String(),
  action: Type.String({ description: 'What to do about it' }),
  parameter: Type.Optional(Type.String()),
})

/** An answer that is a problem. */
export const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: problemSchema } },
})

/** The answer that there is no such thing. */
export const notFoundAnswer = { 404: problem('There is no such event') }

/** What every query can be answered with instead. */
export const errorAnswers = {
  400: problem('A parameter is not right; `parameter` names it'),
  422: problem('It would need too much memory; narrow the range or the filters'),
  503: problem('Too many queries, or the store is away; repeat after Retry-After'),
  504: problem('It took too long; narrow the range or the filters'),
}
