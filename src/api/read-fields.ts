import { OpsError } from '../errors.ts'
import { eventColumns, heavyColumns, lightColumns } from '../store/queries/event-columns.ts'

/** Most events of one page that carries headers, bodies or attributes. */
export const maxHeavyLimit = 200

/**
 * The columns that `fields` names, in the order of the table; the light ones when it is not given.
 * @throws OpsError `invalid_parameter` for what is no column.
 */
export function readFields(fields: readonly string[] | undefined): readonly string[] {
  if (fields === undefined) return lightColumns
  const names = new Set(fields.flatMap((text) => text.split(',')).map((name) => name.trim()))
  for (const name of names) {
    if (!eventColumns.includes(name))
      throw new OpsError('invalid_parameter', `fields: ${JSON.stringify(name)} is no column`, {
        extra: { parameter: 'fields' },
      })
  }
  return eventColumns.filter((name) => names.has(name) || name === 'event_id' || name === 'created_at')
}

export function isHeavy(columns: readonly string[]): boolean {
  return columns.some((name) => heavyColumns.has(name))
}
