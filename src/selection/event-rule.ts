import type { Attributes } from '../event/attribute.ts'
import { attributeNumber, attributeOf, attributeText } from '../event/attribute.ts'
import {
  exceptionName,
  genAiExceptionName,
  requestErrorName,
  upstreamErrorName,
} from '../event/selected-event.ts'

export type EventName =
  | typeof upstreamErrorName
  | typeof requestErrorName
  | typeof exceptionName
  | typeof genAiExceptionName

/** The names that are looked for, settled once; each has a length of its own. */
export interface EventRule {
  /** By length in bytes: the only name that can match, or undefined. */
  readonly nameByLength: readonly (EventName | undefined)[]
}

export interface EventRuleOptions {
  /** Select the exceptions that other instrumentations record, where `isProviderFailure` holds. */
  readonly exceptionEvents: boolean
  /** Make the record of a failed request from its SERVER span where the gateway emitted none. Default: not. */
  readonly derivedRequestErrors?: boolean
}

export function createEventRule({ exceptionEvents }: EventRuleOptions): EventRule {
  const names: EventName[] = [upstreamErrorName, requestErrorName]
  if (exceptionEvents) names.push(exceptionName, genAiExceptionName)
  const longest = Math.max(...names.map((name) => name.length))
  const nameByLength = new Array<EventName | undefined>(longest + 1).fill(undefined)
  for (const name of names) nameByLength[name.length] = name
  return { nameByLength }
}

/** The event name that `bytes` spell from `start` to `end` in ASCII; undefined for any other. */
export function nameAt(
  rule: EventRule,
  bytes: Uint8Array,
  start: number,
  end: number,
): EventName | undefined {
  const length = end - start
  if (length >= rule.nameByLength.length) return undefined
  const name = rule.nameByLength[length]
  if (name === undefined) return undefined
  for (let i = 0; i < length; i++) if (bytes[start + i] !== name.charCodeAt(i)) return undefined
  return name
}

export function nameOf(rule: EventRule, text: string): EventName | undefined {
  const name = rule.nameByLength[text.length]
  return name === text ? name : undefined
}

/** Events of these names are anybody's: they are selected only with `isProviderFailure`. */
export function isException(name: EventName): boolean {
  return name === exceptionName || name === genAiExceptionName
}

/**
 * Whether attributes tell of a call to a model provider, or of an answer 429, 529 or any other 5xx.
 * Source: docs of the event contract, "Events".
 */
export function isProviderFailure(attributes: Attributes): boolean {
  if (attributeText(attributeOf(attributes, 'gen_ai.provider.name')) !== '') return true
  if (attributeText(attributeOf(attributes, 'gen_ai.system')) !== '') return true
  return (
    isFailureStatus(attributeNumber(attributeOf(attributes, 'http.response.status_code'))) ||
    isFailureStatus(attributeNumber(attributeOf(attributes, 'http.status_code')))
  )
}

function isFailureStatus(status: number | undefined): boolean {
  return status !== undefined && (status === 429 || (status >= 500 && status <= 599))
}
