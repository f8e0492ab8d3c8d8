import { createHmac } from 'node:crypto'
import { remember } from '../event/remember.ts'
import { redactHeaderNames } from './headers.ts'
import { bodyMarkerId, cutMarkerId, endOfMarker, isRuleId, marker } from './marker.ts'
import { createTextRedaction, type TextRedaction } from './redact-text.ts'
import type { UserRule } from './rule.ts'
import { keepsHeader } from './rules/header-names.ts'
import { classifyKeyName, isAmount, type KeyClass } from './rules/key-names.ts'
import { relativeUserinfo } from './rules/userinfo.ts'
import { rules, scanRules } from './rules.ts'
import { createScanner } from './scan.ts'

/** What becomes of a body: its secrets taken out, a keyed hash of it, nothing, or the body as it is. */
export type BodyMode = (typeof bodyModes)[number]
export const bodyModes = ['redact', 'hash', 'drop', 'keep'] as const

export interface RedactionOptions {
  readonly bodies: { readonly default: BodyMode; readonly byPlatform: ReadonlyMap<string, BodyMode> }
  /** With it, markers carry 12 hex digits of HMAC-SHA256 of the secret, so that equal secrets can be told. */
  readonly hmacKey?: string
  readonly extraRules?: readonly UserRule[]
  /** Also phone numbers (with country code) and IP addresses. Default: not. */
  readonly phoneAndIp?: boolean
  /** Ids of rules that are switched off. */
  readonly disabledRules?: readonly string[]
}

/** Takes secrets out of texts. Every function returns the same string when there is nothing to take out. */
export interface Redactor {
  /** Free text, with JSON, URLs and `key=value` in it. */
  text(value: string): string
  /** An identifier or a name: the rules about values only. */
  identifier(value: string): string
  /** The value of an attribute, by its key, then as text. */
  attribute(key: string, value: string): string
  /** `attribute` with the key given before, for keys that come again and again. */
  attributeOf(key: string): (value: string) => string
  /** JSON object text of headers; what is not an object is replaced as a whole. */
  headers(json: string): string
  headerMap(headers: Iterable<readonly [string, string]>): Map<string, string>
  url(value: string): string
  /**
   * False only when `text` and `identifier` leave the text as it is whose UTF-8 stands from `start` to before `end`,
   * and so does `attribute` under a key that tells nothing: for callers that copy bytes instead of making strings.
   */
  mayContainSecret(bytes: Uint8Array, start: number, end: number): boolean
  /** For callers that write headers as bytes; undefined when `headers` alone can tell what becomes of them. */
  readonly plainHeaders: PlainHeaders | undefined
  body(value: string, platform: string): string
  bodyMode(platform: string): BodyMode
}

/** What `Redactor.headers` does to headers whose JSON has no escapes. */
export interface PlainHeaders {
  /** Whether a value may be kept, by the lowercase name. */
  keeps(name: string): boolean
  /** What stands for any other. */
  readonly marker: string
  /** As `Redactor.mayContainSecret`, for pieces of the JSON between markers. */
  mayContainSecret(bytes: Uint8Array, start: number, end: number): boolean
}

export class RedactionOptionsError extends Error {
  readonly code = 'invalid_redaction_options'
  override readonly name = 'RedactionOptionsError'
}

const hashDigits = 12
/** All headers of a request or response in one attribute, as JSON. */
const headersAttribute =
  /^(?:http\.(?:request|response)\.headers|rpc\.[a-z_]+\.(?:request|response)\.metadata)$/
const headerAttribute =
  /^(?:http\.(?:request|response)\.header|rpc\.[a-z_]+\.(?:request|response)\.metadata)\.(.+)$/

/** @throws RedactionOptionsError for unknown rules, ids used twice, or a mode `hash` without a key. */
export function createRedactor(options: RedactionOptions): Redactor {
  checkOptions(options)
  const { bodies, hmacKey, extraRules = [], disabledRules = [] } = options
  const disabled = new Set(disabledRules)
  const enabled = scanRules.filter(
    (rule) => !disabled.has(rule.id) && (!rule.optional || options.phoneAndIp === true),
  )
  const ruleIds = new Set([...rules, ...extraRules].map((rule) => rule.id).concat(bodyMarkerId, cutMarkerId))
  const usesKeyNames = !disabled.has('key-name')
  const usesHeaderNames = !disabled.has('header')

  const hash = (secret: string) =>
    createHmac('sha256', hmacKey ?? '')
      .update(secret)
      .digest('hex')
      .slice(0, hashDigits)
  const plainMarker = remember((ruleId) => marker(ruleId))
  const replacement = (ruleId: string, secret: string) =>
    hmacKey === undefined ? plainMarker(ruleId) : marker(ruleId, hash(secret))

  const shared: Omit<TextRedaction, 'scanner'> = { userRules: extraRules, replacement }
  const scanner = createScanner(enabled, ruleIds)
  const text = createTextRedaction({ ...shared, scanner })
  const values = enabled.filter((rule) => rule.kind === 'value')
  const identifier = createTextRedaction({ ...shared, scanner: createScanner(values, ruleIds) })
  // The names of headers have been dealt with: `x-ratelimit-limit-tokens` is no key of a secret.
  const headerValues = enabled.filter((rule) => rule.kind !== 'key')
  const headerScanner = createScanner(headerValues, ruleIds)
  const headerText = createTextRedaction({ ...shared, scanner: headerScanner })
  const keeps = remember(keepsHeader)
  const classify = remember((key: string): KeyClass | 'header' => {
    const header = usesHeaderNames ? headerAttribute.exec(key)?.[1] : undefined
    if (header !== undefined && !keepsHeader(header)) return 'header'
    return usesKeyNames ? classifyKeyName(key) : 'none'
  })

  const isMarker = (value: string) => value !== '' && endOfMarker(value, 0, ruleIds) === value.length
  const replaceHeader = (value: string) => {
    const inner = value.startsWith('"') ? value.slice(1, -1) : value
    return isMarker(inner) || inner === '' ? value : `"${replacement('header', inner)}"`
  }

  function headers(json: string): string {
    if (json === '' || isMarker(json)) return json
    return usesHeaderNames ? headerText(redactHeaderNames(json, keeps, replaceHeader)) : text(json)
  }

  function attributeOf(key: string): (value: string) => string {
    if (headersAttribute.test(key)) return headers
    const keyClass = classify(key)
    if (keyClass === 'none') return text
    return (value) => {
      if (value === '' || isMarker(value)) return text(value)
      if (keyClass === 'header') return replacement('header', value)
      if (isKeptUnderSecretKey(value, keyClass)) return text(value)
      return replacement('key-name', value)
    }
  }

  function url(value: string): string {
    const redacted = text(value)
    const userinfo = disabled.has('userinfo') ? undefined : relativeUserinfo(redacted)
    if (userinfo === undefined) return redacted
    const [start, end] = userinfo
    const secret = redacted.slice(start, end)
    if (isMarker(secret)) return redacted
    return redacted.slice(0, start) + replacement('userinfo', secret) + redacted.slice(end)
  }

  const bodyMode = (platform: string) => bodies.byPlatform.get(platform) ?? bodies.default

  function body(value: string, platform: string): string {
    const mode = bodyMode(platform)
    if (mode === 'keep' || value === '') return value
    if (mode === 'drop') return ''
    if (mode === 'redact') return text(value)
    return isMarker(value) ? value : marker(bodyMarkerId, hash(value))
  }

  return {
    text,
    identifier,
    attribute: (key, value) => attributeOf(key)(value),
    attributeOf,
    headers,
    headerMap(headers) {
      const redacted = new Map<string, string>()
      for (const [name, value] of headers) {
        const isKept = !usesHeaderNames || keeps(name) || value === '' || isMarker(value)
        redacted.set(text(name), isKept ? headerText(value) : replacement('header', value))
      }
      return redacted
    },
    url,
    plainHeaders:
      usesHeaderNames && hmacKey === undefined && extraRules.length === 0
        ? { keeps, marker: plainMarker('header'), mayContainSecret: headerScanner.mayFindInBytes }
        : undefined,
    mayContainSecret: extraRules.length === 0 ? scanner.mayFindInBytes : () => true,
    body,
    bodyMode,
  }
}

/** Flags, and short or plain numbers under a name in the plural, are no secrets. */
function isKeptUnderSecretKey(value: string, keyClass: KeyClass): boolean {
  if (/^(?:true|false|null|-?\d{1,3})$/.test(value)) return true
  return keyClass === 'tokens' && isAmount(value)
}

function checkOptions(options: RedactionOptions): void {
  const known = new Set(rules.map((rule) => rule.id))
  for (const id of options.disabledRules ?? []) {
    if (!known.has(id)) throw new RedactionOptionsError(`there is no redaction rule "${id}" to switch off`)
  }
  for (const { id } of options.extraRules ?? []) {
    if (!isRuleId(id)) throw new RedactionOptionsError(`"${id}" cannot be the id of a redaction rule`)
    if (known.has(id)) throw new RedactionOptionsError(`there are two redaction rules "${id}"`)
    known.add(id)
  }
  const modes = [options.bodies.default, ...options.bodies.byPlatform.values()]
  if (modes.includes('hash') && options.hmacKey === undefined) {
    throw new RedactionOptionsError('hashing bodies needs a key: without one a hash can be guessed')
  }
  if (options.hmacKey === '') throw new RedactionOptionsError('the key for hashes is empty')
}
