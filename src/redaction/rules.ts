import type { Rule, ScanRule } from './rule.ts'
import { headerRule } from './rules/header-names.ts'
import { keyValueRules } from './rules/key-values.ts'
import { personalDataRules } from './rules/personal-data.ts'
import { prefixedKeyRules } from './rules/prefixed-keys.ts'
import { tokenRules } from './rules/tokens.ts'
import { userinfoRule } from './rules/userinfo.ts'

/** Rules over text, in the order in which they are asked where two begin at one character. */
export const scanRules: readonly ScanRule[] = [
  ...prefixedKeyRules,
  ...tokenRules,
  userinfoRule,
  ...keyValueRules,
  ...personalDataRules,
]

/** Every rule, with what it catches and what it leaves (reliability.md, section 4). */
export const rules: readonly Rule[] = [...scanRules, headerRule]
