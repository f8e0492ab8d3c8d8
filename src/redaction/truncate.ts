import { alphanumerics, characterSet, digits, isDigit } from './characters.ts'
import { cutMarkerId, marker } from './marker.ts'

/**
 * The text cut to `maxBytes` of UTF-8, never inside of a character; `bytes` is the size of all of it. Secrets are taken
 * out before: a key that is cut no longer looks like one.
 */
export function truncateText(value: string, maxBytes: number): { text: string; bytes: number } {
  // A UTF-16 unit takes at most 3 bytes.
  const bytes = Buffer.byteLength(value)
  return { text: bytes <= maxBytes ? value : cutText(value, maxBytes), bytes }
}

/** The text cut to `maxBytes` of UTF-8, never inside of a character; the same string when it fits. */
export function cutText(value: string, maxBytes: number): string {
  if (value.length * 3 <= maxBytes) return value
  if (maxBytes <= 0) return ''
  // No more than `maxBytes` units can fit, so the rest of a very long text is not looked at.
  const window = value.length > maxBytes + 1 ? value.slice(0, maxBytes + 1) : value
  const bytes = Buffer.from(window)
  if (bytes.length <= maxBytes) return window.length === value.length ? value : window
  let end = maxBytes
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  return bytes.toString('utf8', 0, end)
}

/**
 * Redacts as much of a long text as can matter and cuts the result to `maxBytes`. At the end of the part that is
 * redacted a secret may have been halved, so what is kept ends `marginChars` before it; where secrets shrink the text
 * so much that it does not, a part twice as long is taken. A text of many megabytes mostly costs no more than one of
 * the limit's size.
 */
export function redactWithin(text: string, maxBytes: number, redact: (text: string) => string): string {
  for (let windowChars = maxBytes + 2 * marginChars; windowChars < text.length; windowChars *= 2) {
    const redacted = redact(text.slice(0, windowChars))
    if (redacted.length >= maxBytes + marginChars) return cutText(redacted, maxBytes)
  }
  return cutText(redact(text), maxBytes)
}

/** More than the longest secret that has an end: a private key of 8192 bits has 6.4 KB. */
const marginChars = 8192

const maxTokenChars = 256
const maxNumberChars = 31
const minNumberChars = 7
const tokenCharacters = characterSet(`${alphanumerics}_+/=.@%*:~-`)
const numberCharacters = characterSet(`${digits} .-`)

/**
 * The text without its last token, where that could be a secret that somebody cut off before: with an `@`, or eight
 * characters and more with a digit or a capital among them. For texts that are known to be cut.
 */
export function dropCutToken(text: string): string {
  const token = text.slice(startOfLastToken(text))
  const mayBeSecret = token.includes('@') || (token.length >= 8 && /\d|.[A-Z]/.test(token))
  return mayBeSecret ? text.slice(0, text.length - token.length) + marker(cutMarkerId) : text
}

/** Where at the end of the text begins what may be the beginning of a key, an address or a number in groups. */
function startOfLastToken(text: string): number {
  let start = text.length
  const firstOfToken = Math.max(0, start - maxTokenChars)
  while (start > firstOfToken && tokenCharacters[text.charCodeAt(start - 1)] === 1) start--
  const firstOfNumber = Math.max(0, text.length - maxNumberChars)
  let at = text.length
  while (at > firstOfNumber && numberCharacters[text.charCodeAt(at - 1)] === 1) {
    at--
    if (at < start && text.length - at >= minNumberChars && isDigit(text.charCodeAt(at))) start = at
  }
  return start
}
