import { isDigit } from './characters.ts'

/**
 * A text with its escapes decoded once, and where each part of it came from: `starts[n]` in `text` is `sources[n]` in
 * the text before, and so on from there one to one.
 */
export interface View {
  readonly text: string
  readonly starts: readonly number[]
  readonly sources: readonly number[]
}

const backslash = 92
const percent = 37
const ampersand = 38

const jsonEscapes: ReadonlyMap<number, string> = new Map([
  [34, '"'],
  [39, "'"],
  [92, '\\'],
  [47, '/'],
  [98, '\b'],
  [102, '\f'],
  [110, '\n'],
  [114, '\r'],
  [116, '\t'],
])

const namedReferences: ReadonlyMap<string, string> = new Map([
  ['quot', '"'],
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['apos', "'"],
])

/**
 * The text with JSON escapes (`\u0073`, `\"`), `\x73`, percent-encoding (`%73`) and HTML character references
 * (`&amp;`, `&#x73;`) decoded, one level of each; undefined when there are none.
 * A quote that `isFresh` denies was a plain one in the text before: the backslash before it ends a string, and
 * escapes nothing.
 */
export function decodeEscapes(text: string, isFresh: (offset: number) => boolean): View | undefined {
  const starts = [0]
  const sources = [0]
  let decoded = ''
  let copied = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code !== backslash && code !== percent && code !== ampersand) continue
    const length = escapeLength(text, at, code)
    if (length === 0 || (isEscapedQuote(text, at) && !isFresh(at + 1))) continue
    decoded += text.slice(copied, at)
    starts.push(decoded.length, decoded.length + 1)
    decoded += decodedCharacter(text, at, length, code)
    sources.push(at, at + length)
    copied = at + length
    at = copied - 1
  }
  if (copied === 0) return undefined
  return { text: decoded + text.slice(copied), starts, sources }
}

/** The offset in the text before of an offset in the view. */
export function sourceOffset(view: View, offset: number): number {
  let low = 0
  let high = view.starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((view.starts[middle] ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  return (view.sources[low] ?? 0) + offset - (view.starts[low] ?? 0)
}

function isEscapedQuote(text: string, at: number): boolean {
  return text.charCodeAt(at) === backslash && text.charCodeAt(at + 1) === 34
}

function escapeLength(text: string, at: number, code: number): number {
  if (code === percent) return areHex(text, at + 1, 2) ? 3 : 0
  if (code === ampersand) return referenceLength(text, at)
  const next = text.charCodeAt(at + 1)
  if (next === 117) return areHex(text, at + 2, 4) ? 6 : 0
  if (next === 120) return areHex(text, at + 2, 2) ? 4 : 0
  return jsonEscapes.has(next) ? 2 : 0
}

function decodedCharacter(text: string, at: number, length: number, code: number): string {
  if (code === percent) {
    const byte = Number.parseInt(text.slice(at + 1, at + 3), 16)
    // Part of a character that is not ASCII: all that matters is that it is none.
    return byte < 128 ? String.fromCharCode(byte) : '\ufffd'
  }
  if (code === ampersand) return decodedReference(text.slice(at + 1, at + length - 1))
  if (length === 2) return jsonEscapes.get(text.charCodeAt(at + 1)) ?? ''
  return String.fromCharCode(Number.parseInt(text.slice(at + 2, at + length), 16))
}

function referenceLength(text: string, at: number): number {
  let end = at + 1
  while (end < at + 8 && isReferenceCharacter(text.charCodeAt(end))) end++
  if (text.charCodeAt(end) !== 59 || end === at + 1) return 0
  return decodedReference(text.slice(at + 1, end)) === '' ? 0 : end + 1 - at
}

function decodedReference(name: string): string {
  const named = namedReferences.get(name)
  if (named !== undefined) return named
  const number = /^#(?:x([0-9a-f]{1,4})|(\d{1,4}))$/i.exec(name)
  if (number === null) return ''
  return String.fromCharCode(number[1] === undefined ? Number(number[2]) : Number.parseInt(number[1], 16))
}

function isReferenceCharacter(code: number): boolean {
  return code === 35 || isDigit(code) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122)
}

function areHex(text: string, from: number, count: number): boolean {
  for (let at = from; at < from + count; at++) {
    const code = text.charCodeAt(at)
    const lower = code | 32
    if (!isDigit(code) && !(lower >= 97 && lower <= 102)) return false
  }
  return true
}
