import { createRequire } from 'node:module'
import type { RE2JS as CompiledPattern } from 're2js'
import { isRuleId } from './marker.ts'
import type { UserRule } from './rule.ts'

/** A rule as the operator writes it. */
export interface UserRuleDefinition {
  /** Stands in the marker: lowercase letters, digits, `-` and `_`. */
  readonly id: string
  /** RE2 syntax (https://github.com/google/re2/wiki/Syntax). With a group, only what the group matches is replaced. */
  readonly pattern: string
  readonly ignoreCase?: boolean
}

const require = createRequire(import.meta.url)

export const maxUserRules = 100
const maxPatternChars = 2000

export class UserRuleError extends Error {
  readonly code = 'invalid_user_rule'
  override readonly name = 'UserRuleError'
}

/**
 * Compiles the operator's rules with RE2, whose time is linear in the text whatever the pattern is.
 * @throws UserRuleError that names the rule, for patterns that RE2 does not know or that match the empty text.
 */
export function compileUserRules(definitions: readonly UserRuleDefinition[]): UserRule[] {
  if (definitions.length > maxUserRules) {
    throw new UserRuleError(
      `there are ${definitions.length} redaction rules of your own; ${maxUserRules} are allowed`,
    )
  }
  const ids = new Set<string>()
  return definitions.map((definition) => {
    const { id } = definition
    if (!isRuleId(id))
      throw new UserRuleError(`redaction rule "${id}": an id is lowercase letters, digits, - and _`)
    if (ids.has(id)) throw new UserRuleError(`redaction rule "${id}": the id is used twice`)
    ids.add(id)
    return { id, find: finder(definition) }
  })
}

function finder({ id, pattern, ignoreCase = false }: UserRuleDefinition): UserRule['find'] {
  if (pattern.length > maxPatternChars) {
    throw new UserRuleError(
      `redaction rule "${id}": the pattern is longer than ${maxPatternChars} characters`,
    )
  }
  const compiled = compile(id, pattern, ignoreCase)
  if (compiled.matcher('').find())
    throw new UserRuleError(`redaction rule "${id}": the pattern matches the empty text`)
  const group = compiled.groupCount() > 0 ? 1 : 0

  return (text) => {
    const offsets: number[] = []
    const matcher = compiled.matcher(text)
    while (matcher.find()) {
      const start = matcher.start(group)
      const end = matcher.end(group)
      if (start >= 0 && end > start) offsets.push(start, end)
    }
    return offsets
  }
}

function compile(id: string, pattern: string, ignoreCase: boolean): CompiledPattern {
  // Loaded only where there is such a rule: a megabyte that others can do without.
  const { RE2JS } = require('re2js') as typeof import('re2js')
  try {
    return RE2JS.compile(pattern, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new UserRuleError(`redaction rule "${id}": ${reason}`)
  }
}
