import { type TSchema, Type } from 'typebox'
import { filterColumns } from '../store/queries/filter-columns.ts'
import { defaultFrom, maxRangeDays } from '../store/time-range.ts'

type FilterColumn = (typeof filterColumns)[number]

const examples: Readonly<Record<string, readonly string[]>> = {
  platform: ['openai'],
  model: ['claude-opus-4-6'],
  status_code: ['5xx'],
  category: ['rate_limited'],
  latency_ms: ['>=1000'],
  account_id: ['!17'],
}

const about: Readonly<Record<FilterColumn['form'], string>> = {
  text: 'Equal to one of the values.',
  hex: 'Hex digits, in any case.',
  number:
    'A number or a range: 429, >=1000, <500, 100..500 (both inclusive). NAME>=1000 and NAME<500 are read as well.',
  flag: 'true or false.',
  fingerprint: '16 hex digits, as answers give them.',
}

function describe({ name, form, choices, zeroIsAbsent }: FilterColumn): string {
  const parts = [about[form]]
  if (choices) parts.push(`One of ${choices.join(', ')}.`)
  if (name === 'status_code') parts.push('5xx is a class; 0 = no answer.')
  if (zeroIsAbsent) parts.push('An empty value finds events without one.')
  if (form !== 'flag') parts.push('Repeat for alternatives, ! in front excludes.')
  return parts.join(' ')
}

const texts = (description: string, options: object = {}) =>
  Type.Optional(
    Type.Array(Type.String({ maxLength: 1024 }), { minItems: 1, maxItems: 64, description, ...options }),
  )

/** `from` and `to`. */
export const rangeProperties = {
  from: Type.Optional(
    Type.String({
      maxLength: 64,
      description: `Start, inclusive: ISO 8601 with a zone, or relative (now-15m; s, m, h, d, w). Default ${defaultFrom}; with a request or trace id, everything. At most ${maxRangeDays} days before to.`,
      examples: ['now-24h', '2026-01-31T08:00:00Z'],
    }),
  ),
  to: Type.Optional(
    Type.String({ maxLength: 64, description: 'End, exclusive. Default now.', examples: ['now'] }),
  ),
}

type Texts = ReturnType<typeof texts>

/** Every filter. A parameter given once is an array of one. */
export const filterProperties: Record<string, Texts> = {
  ...Object.fromEntries(
    filterColumns.map((column) => [
      column.name,
      texts(
        describe(column),
        column.name in examples ? { examples: examples[column.name]?.map((value) => [value]) } : {},
      ),
    ]),
  ),
  q: texts(
    'Words that all occur in error_message, in any case, or a phrase in double quotes. Repeat for alternatives, ! in front excludes.',
    { examples: [['"rate limit" tokens']] },
  ),
}

/** A query string of a range, filters and more; nothing else is allowed. */
export function querySchema<Properties extends Record<string, TSchema>>(properties: Properties) {
  return Type.Object(
    { ...rangeProperties, ...filterProperties, ...properties },
    { additionalProperties: false },
  )
}
