import { remember } from '../../event/remember.ts'
import {
  alphanumerics,
  ascii,
  characterSet,
  endOfRun,
  isAlphanumeric,
  isDigit,
  isLetter,
  isUppercase,
} from '../characters.ts'
import { endOfAnyMarker, isMarkerBetween } from '../marker.ts'
import { addHit, type Scan, type ScanRule } from '../rule.ts'
import { mayBeSecretName } from './byte-names.ts'
import { endOfQuoted, redactContainer } from './container-values.ts'
import { classifyKeyName, isAmount, isSecretParameter, type KeyClass } from './key-names.ts'

const maxNameChars = 128
const nameCharacters = characterSet(`${alphanumerics}_-.$[]`)
/** What ends a value that has no quotes. */
const valueEnds = characterSet('\0\t\n\v\f\r ,;&"\'`<>)]}|\\')
/** What ends the value of a URL's parameter. */
const parameterEnds = characterSet('\0\t\n\v\f\r &#"\'`<>)]}|\\')

const classify = remember(classifyKeyName)

/** Whether `matchKeyValue` could find something after the key before `at`. */
function mayMatchKeyValue(bytes: Uint8Array, at: number, start: number): boolean {
  let end = at
  if (bytes[at] === 61 && bytes[at - 1] === 61) end--
  while (end > start && at - end < 4 && isBlank(bytes[end - 1] as number)) end--
  if (end <= start) return false
  const last = bytes[end - 1] as number
  if (last === 34 || last === 39 || last === 96) return mayQuoteSecretName(bytes, end - 1, start)
  if (nameCharacters[last] !== 1) return false
  let nameStart = end - 1
  while (
    nameStart > start &&
    end - nameStart < maxNameChars &&
    nameCharacters[bytes[nameStart - 1] as number] === 1
  )
    nameStart--
  // `key` and `keys` are told by the word before.
  const mayBeKey = end - nameStart <= 4 && ((bytes[nameStart] as number) | 32) === 107
  return mayBeKey || mayBeSecretName(bytes, nameStart, end)
}

/** Whether the quotes of which the closing one is at `close` could enclose the name of a secret. */
function mayQuoteSecretName(bytes: Uint8Array, close: number, start: number): boolean {
  const quote = bytes[close]
  // A character takes three bytes at most, two units of a string four.
  const first = Math.max(start, close - 3 * maxNameChars)
  for (let open = close - 1; open >= first; open--)
    if (bytes[open] === quote) return close - open > maxNameChars || mayBeSecretName(bytes, open + 1, close)
  return false
}

/** Whether `matchParameter` could find something: a name at the start or after what begins a parameter. */
function mayMatchParameter(bytes: Uint8Array, at: number, start: number): boolean {
  let nameStart = at
  while (nameStart > start && isParameterCharacter(bytes[nameStart - 1] as number)) nameStart--
  if (nameStart === start || at - nameStart >= maxNameChars) return true
  const before = bytes[nameStart - 1]
  return before === 63 || before === 38 || before === 35 || before === 59
}

interface Key {
  readonly name: string
  readonly keyClass: KeyClass
  readonly start: number
  /** Where the opening quote stands; -1 without. */
  readonly quoteAt: number
  /** Where the closing one stands. */
  readonly closeAt: number
}

/** `"key": value`, `key: value` and `key=value`; the character at `at` is the colon or equals sign. */
function matchKeyValue(scan: Scan, at: number): number {
  if (at < scan.keyedUntil) return 0
  const { text } = scan
  const key = keyBefore(text, at)
  if (key === undefined || key.keyClass === 'none' || !isWhole(scan, key)) return 0
  const isEquals = text.charCodeAt(at) === 61
  const start = skipBlanks(text, skipArrow(text, at + 1), key.quoteAt !== -1)
  const end = addValue(scan, key, start, isEquals)
  if (end > scan.keyedUntil) scan.keyedUntil = end
  return 0
}

/** `?name=value` and `&name=value` of URLs and forms; names are given in full. */
function matchParameter(scan: Scan, at: number): number {
  if (at < scan.keyedUntil) return 0
  const { text } = scan
  let start = at
  while (start > 0 && at - start < maxNameChars && isParameterCharacter(text.charCodeAt(start - 1))) start--
  if (start === at || !isParameterStart(text, start)) return 0
  const name = text.slice(start, at)
  if (!isSecretParameter(name) && classify(name) !== 'secret') return 0
  const end = endOfParameter(text, at + 1)
  if (end === at + 1 || isRedacted(text, at + 1, end)) return 0
  // `code=429` is a status, not the code of a grant.
  if (name.length === 4 && end - at <= 4 && areDigits(text, at + 1, end)) return 0
  scan.keyedUntil = end
  return addHit(scan, 'query', at + 1, end)
}

function isParameterCharacter(code: number): boolean {
  return isAlphanumeric(code) || code === 45 || code === 95 || code === 46
}

function isParameterStart(text: string, start: number): boolean {
  if (start === 0) return true
  const code = text.charCodeAt(start - 1)
  return code === 63 || code === 38 || code === 35 || (code === 59 && text.startsWith('&amp', start - 5))
}

/** A comma or full stop at the end of the value is the sentence's. */
function endOfParameter(text: string, from: number): number {
  let end = from
  while (end < text.length && parameterEnds[text.charCodeAt(end)] !== 1 && endOfAnyMarker(text, end) === 0)
    end++
  while (end > from && /[.,;:!?]/.test(text.charAt(end - 1))) end--
  return end
}

function keyBefore(text: string, at: number): Key | undefined {
  let end = at
  if (text.charCodeAt(at) === 61 && (text.charCodeAt(at - 1) === 61 || text.charCodeAt(at + 1) === 61)) {
    if (text.charCodeAt(at + 1) === 61) return undefined
    end--
  }
  while (end > 0 && at - end < 4 && isBlank(text.charCodeAt(end - 1))) end--
  const last = text.charCodeAt(end - 1)
  if (last === 34) return quotedKey(text, end - 1, '"')
  if (last === 39) return quotedKey(text, end - 1, "'")
  if (last === 96) return quotedKey(text, end - 1, '`')
  if (nameCharacters[last] !== 1 || end < 3) return undefined
  let start = end
  while (start > 0 && end - start < maxNameChars && nameCharacters[text.charCodeAt(start - 1)] === 1) start--
  const name = text.slice(start, end)
  const keyClass = classify(name)
  if (keyClass !== 'none' || !/^keys?$/i.test(name))
    return { name, keyClass, start, quoteAt: -1, closeAt: -1 }
  const before = /(?:api|secret|private|access|auth) $/i.exec(text.slice(Math.max(0, start - 8), start))
  return before === null
    ? undefined
    : { name, keyClass: 'secret', start: start - before[0].length, quoteAt: -1, closeAt: -1 }
}

function quotedKey(text: string, close: number, quote: string): Key | undefined {
  if (close === 0 || text.charCodeAt(close - 1) === 92) return undefined
  const open = text.lastIndexOf(quote, close - 1)
  if (open === -1 || close - open > maxNameChars) return undefined
  const name = text.slice(open + 1, close)
  return { name, keyClass: classify(name), start: open, quoteAt: open, closeAt: close }
}

/** Whether both quotes were written alike: otherwise they belong to different strings, one inside of the other. */
function isWhole({ source }: Scan, { quoteAt, closeAt }: Key): boolean {
  return quoteAt === -1 || source.written(quoteAt) === source.written(closeAt)
}

function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13)
}

/** Ruby's and PHP's `=>`. */
function skipArrow(text: string, from: number): number {
  return text.charCodeAt(from) === 62 ? from + 1 : from
}

function skipBlanks(text: string, from: number, overLines: boolean): number {
  let at = from
  while (at < text.length && at < from + 256) {
    const code = text.charCodeAt(at)
    if (code !== 32 && code !== 9 && !(overLines && isBlank(code))) break
    at++
  }
  return at
}

/** Adds the value that starts at `start` as a secret; returns where it ends, 0 when it was left. */
function addValue(scan: Scan, key: Key, start: number, isEquals: boolean): number {
  const { text } = scan
  const first = text.charCodeAt(start)
  if (first === 34 || first === 39 || first === 96) return addQuoted(scan, key, start, first)
  if (first === 123 || (first === 91 && endOfAnyMarker(text, start) === 0)) {
    return key.quoteAt === -1 && !isEquals
      ? 0
      : redactContainer(scan, key.quoteAt, start, key.keyClass === 'tokens')
  }
  if (key.quoteAt !== -1 && text.charCodeAt(key.quoteAt) === 34) return addLiteral(scan, key, start)
  return addBare(scan, key, start, isEquals)
}

function addQuoted(scan: Scan, key: Key, start: number, quote: number): number {
  const { text } = scan
  const isJsonKey = key.quoteAt !== -1 && text.charCodeAt(key.quoteAt) === 34
  if (quote === 34 && !isOpening(scan, key, start, isJsonKey)) return 0
  const end = endOfQuoted(scan, start)
  if (end === start + 1) return 0
  if (key.quoteAt === -1 && (end - start < 4 || isAboutSyntax(text, key))) return 0
  if (quote === 34 && !isJsonKey && isStructure(text, start + 1, end)) return 0
  if (isMarkerBetween(text, start + 1, end) || isHarmlessValue(text, start + 1, end, key.keyClass)) return 0
  return addHit(scan, 'key-name', start + 1, end)
}

/**
 * Whether the double quote begins the value. Where escapes were decoded it may as well be the end of an outer string:
 * then it was written with fewer of them than the quotes of its key. A bare key stands inside of a string, and what
 * ends that in JSON is a quote without any.
 */
function isOpening(scan: Scan, key: Key, start: number, isJsonKey: boolean): boolean {
  const { written, isJson } = scan.source
  if (isJsonKey) return written(key.quoteAt) === written(start)
  return written(start) !== '"' || !isJson()
}

/** Something stands between any two literals: where nothing had to, the time to match grew exponentially with digits. */
const structure =
  /^[\s,:{}[\]]*(?:(?:-?\d[\d.eE+-]{0,32}|true|false|null)[\s,:{}[\]]+){0,16}(?:-?\d[\d.eE+-]{0,32}|true|false|null)?$/

/** What stands between two strings of JSON. */
function isStructure(text: string, start: number, end: number): boolean {
  if (end - start > 256) return false
  return structure.test(text.slice(start, end)) && /[,:}\]]/.test(text.slice(start, end))
}

/** "Unexpected token '}'" is a parser's message. */
function isAboutSyntax(text: string, key: Key): boolean {
  return /(?:unexpected|illegal|unknown|stop|next)[ _-]$/i.test(
    text.slice(Math.max(0, key.start - 11), key.start),
  )
}

/** JSON's number, `true`, `false` or `null`, or what stands in their place. */
function addLiteral(scan: Scan, key: Key, start: number): number {
  const { text } = scan
  let end = start
  while (end < text.length && valueEnds[text.charCodeAt(end)] !== 1) end++
  if (end === start || isRedacted(text, start, end)) return 0
  const isNumber = isDigit(text.charCodeAt(start)) || text.charCodeAt(start) === 45
  if (isNumber) {
    // A short number is a status or an amount.
    if (key.keyClass === 'tokens' || end - start < 4) return 0
    return addHit(scan, 'key-name', start, end, key.quoteAt)
  }
  return isHarmlessValue(text, start, end, key.keyClass) ? 0 : addHit(scan, 'key-name', start, end)
}

const schemes = /(?:bearer|basic|token|apikey|api-key|key|dpop|negotiate|ntlm)[ \t]{1,4}/iy
const lineSchemes = /(?:aws4-hmac-sha256|digest|oauth|hmac|signature|hawk)\s/iy
const lineEnds = characterSet('\0\n\v\f\r"`\\')

/** A value without quotes in running text. */
function addBare(scan: Scan, key: Key, start: number, isEquals: boolean): number {
  const { text } = scan
  if (start >= text.length || isAboutSyntax(text, key)) return 0
  if (key.keyClass === 'cookie') return addLine(scan, start)
  lineSchemes.lastIndex = start
  if (lineSchemes.test(text)) return addLine(scan, start)
  schemes.lastIndex = start
  const from = schemes.test(text) ? schemes.lastIndex : start
  let end = endOfBare(text, from)
  while (end > from && /[.:!?]/.test(text.charAt(end - 1)) && !isEquals) end--
  if (end === from || isRedacted(text, from, end) || isHarmlessValue(text, from, end, key.keyClass)) return 0
  if (!isEquals && !looksSecret(text, from, end) && !standsAlone(text, key.start, end)) return 0
  if (areDigits(text, from, end) && end - from < 4) return 0
  if (!isEquals && isPlaceholder(text, from, end)) return 0
  return addHit(scan, 'key-name', from, end)
}

/** `Bearer YOUR_KEY` of an explanation, `Bearer realm=api` of a challenge. */
function isPlaceholder(text: string, start: number, end: number): boolean {
  return end - start < 64 && /^(?:[A-Z]{1,20}(?:_[A-Z]{1,20}){1,4}|realm=.*)$/.test(text.slice(start, end))
}

function endOfBare(text: string, from: number): number {
  let end = from
  while (end < text.length && valueEnds[text.charCodeAt(end)] !== 1) {
    const markerEnd = endOfAnyMarker(text, end)
    if (markerEnd !== 0) return end === from ? markerEnd : end
    end++
  }
  return end
}

function addLine(scan: Scan, start: number): number {
  let end = start
  while (end < scan.text.length && lineEnds[scan.text.charCodeAt(end)] !== 1) end++
  if (end === start || isRedacted(scan.text, start, end)) return 0
  return addHit(scan, 'key-name', start, end)
}

/** Not a word of a sentence: digits among letters, capitals inside, signs that prose does not use, or great length. */
function looksSecret(text: string, start: number, end: number): boolean {
  if (end - start >= 20) return true
  let digitCount = 0
  let innerCapitals = 0
  let lowercase = 0
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at)
    if (isDigit(code)) digitCount++
    else if (isUppercase(code)) innerCapitals += at > start ? 1 : 0
    else if (isLetter(code)) lowercase++
    else if ('!#$%^*+=~@_?'.includes(text.charAt(at))) return true
  }
  return digitCount > 0 || (innerCapitals > 0 && lowercase > 0)
}

/** `key: value` as a line or item of its own, with nothing before or after it. */
function standsAlone(text: string, keyStart: number, end: number): boolean {
  const next = text.charAt(end)
  if (next !== '' && !/[\r\n,;&)}\]"'`|]/.test(next)) return false
  if (keyStart === 0) return true
  let before = keyStart
  while (before > 0 && keyStart - before < 8 && text.charCodeAt(before - 1) === 32) before--
  return before === 0 || /[\r\n,;&({[|"'`]/.test(text.charAt(before - 1))
}

const harmlessValues = new Set(
  (
    'true false null none nil undefined yes no on off failed failure invalid expired missing required denied error not ' +
    'unknown ok revoked disabled enabled unauthorized forbidden empty malformed unsupported unavailable optional ' +
    'redacted filtered hidden bearer basic'
  ).split(' '),
)

function isHarmlessValue(text: string, start: number, end: number, keyClass: KeyClass): boolean {
  if (end - start > 40) return false
  const value = text.slice(start, end)
  return (keyClass === 'tokens' && isAmount(value)) || harmlessValues.has(value.toLowerCase())
}

/** Taken out before, as a whole, perhaps with the scheme left: `Bearer [REDACTED:bearer]`. */
function isRedacted(text: string, start: number, end: number): boolean {
  const from = text.charCodeAt(start) === 91 ? start : start + text.slice(start, start + 12).indexOf(' [') + 1
  if ((from === start && text.charCodeAt(start) !== 91) || from >= end) return false
  return (
    isMarkerBetween(text, from, end) || (text.charCodeAt(end) === 93 && isMarkerBetween(text, from, end + 1))
  )
}

function areDigits(text: string, start: number, end: number): boolean {
  return endOfRun(text, start, digitSet, end) === end
}

const digitSet = characterSet('0123456789')

export const keyValueRules: readonly ScanRule[] = [
  {
    id: 'query',
    kind: 'query',
    finders: [
      {
        triggers: [{ after: `${alphanumerics}_-.`, characters: '=' }],
        mayMatch: mayMatchParameter,
        match: matchParameter,
      },
    ],
    catches: [
      'https://h/v1?key=abc',
      '/v1beta/models?alt=sse&key=abc',
      'https://h/#access_token=abc',
      'GET /cb?code=Spl-xlO state',
      'https://b/o?X-Amz-Signature=ab&X-Amz-Date=1',
      'https://b/o?SIG=ab',
    ],
    leaves: [
      'https://h/v1?alt=sse&pageSize=10',
      'error code=overloaded',
      'exit code=1',
      'the key=value form',
      '/a?code=429',
    ],
  },
  {
    id: 'key-name',
    kind: 'key',
    finders: [
      { triggers: [{ after: ascii, characters: ':=' }], mayMatch: mayMatchKeyValue, match: matchKeyValue },
    ],
    catches: [
      '{"password":"correct horse"}',
      '{"api_key" : "abc"}',
      '{"clientSecret":12345678}',
      "{'Authorization': 'xyz'}",
      '{"credentials":{"user":"a","pin":[1234]}}',
      'x-api-key: abc123',
      'with password=swordfish',
      'export DB_PASSWORD=abc',
      'Authorization: Bearer abc123',
      'Cookie: a=b; c=d',
      '{"tokens":["abc","def"]}',
    ],
    leaves: [
      '{"max_tokens":4096,"input_tokens":12}',
      '{"author":"Jane","authority":"example.com"}',
      '{"token_type":"bearer_token","auth_ms":1234}',
      'Invalid token: please sign in',
      'Unexpected token: }',
      'password: must be at least 8 characters',
      '{"unauthorized":"yes indeed"}',
      '{"auth":true,"token":null,"password":""}',
      'x-ratelimit-reset-tokens: 6m0s',
    ],
  },
]
