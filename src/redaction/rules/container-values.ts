import { isDigit } from '../characters.ts'
import { addHit, type Scan } from '../rule.ts'
import { isAmount } from './key-names.ts'

/** Where the string ends that starts at `from`, after its opening quote: at its closing quote, else at the end of the line. */
export function endOfString(text: string, from: number, quote: number): number {
  let at = from
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === quote || code === 10 || code === 13) return at
    at += code === 92 ? 2 : 1
  }
  return text.length
}

/**
 * Takes out every value of the object or list at `start`, however deep; keys, `true`, `false` and `null` stay.
 * Returns where it ends; a container that does not end goes to the end of the text.
 */
export function redactContainer(scan: Scan, quoteAt: number, start: number, keepsAmounts: boolean): number {
  const { text } = scan
  let depth = 0
  let at = start
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === 123 || code === 91) depth++
    else if (code === 125 || code === 93) depth--
    else if (code === 34 || code === 39) {
      at = redactItem(scan, at, code, keepsAmounts)
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

/** A string, unless it is a key. */
function redactItem(scan: Scan, open: number, quote: number, keepsAmounts: boolean): number {
  const { text } = scan
  const close = endOfString(text, open + 1, quote)
  let next = close + 1
  while (next < text.length && next < close + 64 && text.charCodeAt(next) <= 32) next++
  if (text.charCodeAt(next) === 58) return next + 1
  const isKept =
    close === open + 1 ||
    isMarker(text, open + 1, close) ||
    (keepsAmounts && isAmount(text.slice(open + 1, Math.min(close, open + 64))))
  if (!isKept) addHit(scan, 'key-name', open + 1, close)
  return close + 1
}

function isMarker(text: string, start: number, end: number): boolean {
  return text.startsWith('[REDACTED:', start) && text.charCodeAt(end - 1) === 93 && end - start < 150
}

function redactNumber(scan: Scan, start: number, quoteAt: number, keepsAmounts: boolean): number {
  const { text } = scan
  let end = start
  while (end < text.length && /[\d.eE+-]/.test(text.charAt(end))) end++
  const from = text.charCodeAt(start - 1) === 45 ? start - 1 : start
  if (!keepsAmounts && end - start >= 4) addHit(scan, 'key-name', from, end, quoteAt)
  return end
}
