/** Both inclusive. */
export interface NumberRange {
  readonly min: number
  readonly max: number
}

/** One filter: a row passes when it has one of `include` (unless that is empty) and none of `exclude`. */
export type Filter =
  | {
      readonly form: 'text'
      readonly column: string
      readonly include: readonly string[]
      readonly exclude: readonly string[]
    }
  | {
      readonly form: 'number'
      readonly column: string
      readonly include: readonly NumberRange[]
      readonly exclude: readonly NumberRange[]
    }
  | { readonly form: 'flag'; readonly column: string; readonly value: boolean }
  | {
      /** Decimal digits of 64 bits. */
      readonly form: 'fingerprint'
      readonly column: string
      readonly include: readonly string[]
      readonly exclude: readonly string[]
    }
  | {
      readonly form: 'message'
      readonly column: 'error_message'
      readonly include: readonly MessageSearch[]
      readonly exclude: readonly MessageSearch[]
    }

/** All of these occur in the message. ASCII letters are lower case. */
export interface MessageSearch {
  readonly words: readonly string[]
  /** Whole words that follow each other. */
  readonly phrases: readonly string[]
}

export interface Conditions {
  readonly sql: readonly string[]
  readonly params: Readonly<Record<string, unknown>>
}

/** SQL conditions of filters; values only as parameters, which are named after the columns. */
export function filterConditions(filters: readonly Filter[]): Conditions {
  const sql: string[] = []
  const params: Record<string, unknown> = {}
  const bind = (name: string, type: string, value: unknown): string => {
    params[name] = value
    return `{${name}:${type}}`
  }
  for (const filter of filters) {
    if (filter.form === 'flag') {
      sql.push(filter.value ? filter.column : `NOT ${filter.column}`)
      continue
    }
    const included = anyOf(filter, 'include', bind)
    const excluded = anyOf(filter, 'exclude', bind)
    if (included !== undefined) sql.push(included)
    if (excluded !== undefined) sql.push(`NOT ${excluded}`)
  }
  return { sql, params }
}

type Bind = (name: string, type: string, value: unknown) => string

function anyOf(
  filter: Exclude<Filter, { form: 'flag' }>,
  part: 'include' | 'exclude',
  bind: Bind,
): string | undefined {
  if (filter[part].length === 0) return undefined
  const name = `${filter.column}_${part}`
  switch (filter.form) {
    case 'text':
      return `${filter.column} IN ${bind(name, 'Array(String)', filter[part])}`
    case 'fingerprint':
      return `${filter.column} IN ${bind(name, 'Array(UInt64)', filter[part])}`
    case 'number':
      return disjunction(
        filter[part].map(({ min, max }, index) => {
          const from = bind(`${name}_min${index}`, 'UInt32', min)
          return min === max
            ? `${filter.column} = ${from}`
            : `${filter.column} BETWEEN ${from} AND ${bind(`${name}_max${index}`, 'UInt32', max)}`
        }),
      )
    case 'message':
      return disjunction(
        filter[part].map((search, index) => messageCondition(search, `${name}${index}`, bind)),
      )
  }
}

function disjunction(conditions: readonly string[]): string {
  return `(${conditions.join(' OR ')})`
}

/** `lower(error_message)` is the expression of the text index; another one would read every message. */
function messageCondition(search: MessageSearch, name: string, bind: Bind): string {
  const conditions = search.phrases.map(
    (phrase, index) => `hasPhrase(lower(error_message), ${bind(`${name}_phrase${index}`, 'String', phrase)})`,
  )
  if (search.words.length > 0)
    conditions.push(
      `hasAllTokens(lower(error_message), ${bind(`${name}_words`, 'Array(String)', search.words)})`,
    )
  return `(${conditions.join(' AND ')})`
}
