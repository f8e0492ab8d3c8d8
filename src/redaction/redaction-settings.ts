import { type BodyMode, createRedactor, type Redactor } from './create-redactor.ts'
import { compileUserRules, type UserRuleDefinition } from './user-rules.ts'

/** What a redactor is made from; plain data, so that a worker thread can be given it. */
export interface RedactionSettings {
  readonly bodies: { readonly default: BodyMode; readonly byPlatform: ReadonlyMap<string, BodyMode> }
  /** Markers then tell equal secrets. */
  readonly hmacKey?: string
  readonly phoneAndIp: boolean
  readonly disabledRules: readonly string[]
  readonly rules: readonly UserRuleDefinition[]
}

export const defaultRedaction: RedactionSettings = {
  bodies: { default: 'redact', byPlatform: new Map() },
  phoneAndIp: false,
  disabledRules: [],
  rules: [],
}

/** @throws RedactionOptionsError, UserRuleError */
export function createConfiguredRedactor({ rules, hmacKey, ...settings }: RedactionSettings): Redactor {
  return createRedactor({
    ...settings,
    extraRules: compileUserRules(rules),
    ...(hmacKey === undefined ? {} : { hmacKey }),
  })
}
