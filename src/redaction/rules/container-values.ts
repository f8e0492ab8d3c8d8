import { isDigit } from '../characters.ts'
import { endOfAnyMarker, isMarkerBetween } from '../marker.ts'
import { addHit, type Scan } from '../rule.ts'
import { isAmount } from './key-names.ts'

const doubleQuote = 34
const singleQuote = 39

/** Where the string ends that starts at `from`, after its opening quote: at its closing quote, else at the end of the line. */
function endOfString(text: string, from: number, quote: number): number {
  let at = from
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === quote || code === 10 || code === 13) return at
    at += code === 92 ? 2 : 1
  }
  return text.length
}

/**
 * The same for the JSON string that opens at `open`, in a text whose escapes may have been decoded: a quote that was
 * written with more of them than the opening one is part of the string, one with fewer ends a string around it. Where
 * the string's own escapes are decoded already, a backslash in it is only a backslash.
 */
function endOfJsonString({ text, source }: Scan, open: number): number {
  const width = source.written(open).length
  const hasEscapes = source.isFresh(open)
  let at = open + 1
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === doubleQuote) {
      if (source.written(at).length <= width) return at
    } else if (hasEscapes && (code === 10 || code === 13)) return at
    else if (hasEscapes && code === 92) {
      const isOuterQuote = text.charCodeAt(at + 1) === doubleQuote && source.written(at + 1).length < width
      if (!isOuterQuote) at++
    }
    at++
  }
  return text.length
}

/** Where the string in quotes of any kind ends that opens at `open`. A quote that ends JSON's string ends all in it. */
export function endOfQuoted(scan: Scan, open: number): number {
  const { text } = scan
  const quote = text.charCodeAt(open)
  if (quote === doubleQuote) return endOfJsonString(scan, open)
  const end = endOfString(text, open + 1, quote)
  for (let at = open + 1; at < end; at++) {
    if (text.charCodeAt(at) === doubleQuote && endsJsonString(scan, at)) return at
  }
  return end
}

/**
 * Takes out every value of the object or list at `start`, however deep; keys, `true`, `false` and `null` stay.
 * `quoteAt` is where its key's quote stands, -1 without. Returns where it ends; a container that does not end goes to
 * the end of the text, or of the string that it stands in.
 */
export function redactContainer(scan: Scan, quoteAt: number, start: number, keepsAmounts: boolean): number {
  const { text, source } = scan
  const isJson = quoteAt !== -1 && text.charCodeAt(quoteAt) === doubleQuote
  const quoteLength = isJson ? source.written(quoteAt).length : 0
  let depth = 0
  let at = start
  while (at < text.length) {
    const code = text.charCodeAt(at)
    const markerEnd = endOfAnyMarker(text, at)
    if (markerEnd !== 0) {
      at = markerEnd
      continue
    }
    if (code === 123 || code === 91) depth++
    else if (code === 125 || code === 93) depth--
    else if (code === doubleQuote || (code === singleQuote && !isJson)) {
      const width = isJson ? source.written(at).length : 0
      if (width < quoteLength || (!isJson && endsJsonString(scan, at))) return at
      at = width > quoteLength ? at + 1 : redactItem(scan, at, keepsAmounts)
      continue
    } else if (isDigit(code)) {
      at = redactNumber(scan, at, quoteAt, keepsAmounts)
      continue
    }
    at++
    if (depth <= 0) return at
  }
  return text.length
}

function endsJsonString({ source }: Scan, at: number): boolean {
  return source.written(at) === '"' && source.isJson()
}

/** A string, unless it is a key. */
function redactItem(scan: Scan, open: number, keepsAmounts: boolean): number {
  const { text } = scan
  const close = endOfQuoted(scan, open)
  let next = close + 1
  while (next < text.length && next < close + 64 && text.charCodeAt(next) <= 32) next++
  if (text.charCodeAt(next) === 58) return next + 1
  const isKept =
    close === open + 1 ||
    isMarkerBetween(text, open + 1, close) ||
    (keepsAmounts && close - open < 64 && isAmount(text.slice(open + 1, close)))
  if (!isKept) addHit(scan, 'key-name', open + 1, close)
  return close + 1
}

function redactNumber(scan: Scan, start: number, quoteAt: number, keepsAmounts: boolean): number {
  const { text } = scan
  let end = start
  while (end < text.length && /[\d.eE+-]/.test(text.charAt(end))) end++
  const from = text.charCodeAt(start - 1) === 45 ? start - 1 : start
  if (!keepsAmounts && end - start >= 4) addHit(scan, 'key-name', from, end, quoteAt)
  return end
}
