import type { ByteSource } from '../event/byte-source.ts'
import { MalformedOtlpError } from '../event/selected-event.ts'
import { maxJsonDepth } from './nesting.ts'

// The grammar of RFC 8259 over bytes, without making anything. Bytes from 0x80 are let through inside of
// strings: whether they are UTF-8 is not checked.

export const quote = 0x22
export const backslash = 0x5c

export const comma = 0x2c
const colon = 0x3a
export const minus = 0x2d
export const openArray = 0x5b
export const closeArray = 0x5d
const openObject = 0x7b
export const closeObject = 0x7d

const simpleEscapes = new Set(Buffer.from('"\\/bfnrt'))
const literals = ['true', 'false', 'null'].map((text) => Buffer.from(text))

export function malformedJson(position: number, what: string): never {
  throw new MalformedOtlpError(`Malformed JSON: ${what} at byte ${position}`)
}

/** Which containers are open around the place in `endOfValue`: 1 = object, 0 = array. */
const open = new Uint8Array(maxJsonDepth)

/**
 * Where the value that starts at `start`, whitespace before it allowed, ends.
 * Throws MalformedOtlpError for anything but JSON and for nesting beyond `maxJsonDepth`.
 * @param outerDepth containers around the value that were entered since nesting is counted.
 */
export function endOfValue(source: ByteSource, start: number, outerDepth = 0): number {
  const { bytes } = source
  let position = start
  let depth = outerDepth
  let inObject = 0
  for (;;) {
    if ((bytes[position] as number) <= 0x20) position = skipWhitespace(bytes, position)
    const first = bytes[position] as number
    if (first === quote) position = endOfString(source, position)
    else if (first === openObject || first === openArray) {
      position++
      if ((bytes[position] as number) <= 0x20) position = skipWhitespace(bytes, position)
      const isObject = first === openObject
      if (bytes[position] !== (isObject ? closeObject : closeArray)) {
        if (depth === maxJsonDepth) malformedJson(position, 'nested too deep')
        open[depth++] = inObject
        inObject = isObject ? 1 : 0
        if (isObject) position = endOfKey(source, position)
        continue
      }
      position++
    } else if (first === minus || isDigit(first)) position = endOfNumber(bytes, position)
    else position = endOfLiteral(bytes, position)

    for (;;) {
      if (depth === outerDepth) return position
      if ((bytes[position] as number) <= 0x20) position = skipWhitespace(bytes, position)
      const after = bytes[position]
      position++
      if (after === comma) {
        if (inObject === 0) break
        if ((bytes[position] as number) <= 0x20) position = skipWhitespace(bytes, position)
        position = endOfKey(source, position)
        break
      }
      if (after !== (inObject === 1 ? closeObject : closeArray))
        malformedJson(position - 1, 'no comma and no end')
      inObject = open[--depth] as number
    }
  }
}

/** Callers in the inner loop look first whether there is any, as compact JSON has none. */
export function skipWhitespace(bytes: Buffer, start: number): number {
  let position = start
  for (;;) {
    const byte = bytes[position]
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return position
    position++
  }
}

/** `start` is at the key's quote; the end is behind the colon. */
export function endOfKey(source: ByteSource, start: number): number {
  const { bytes } = source
  if (bytes[start] !== quote) malformedJson(start, 'no key where one has to be')
  let position = endOfString(source, start)
  if (bytes[position] !== colon) {
    position = skipWhitespace(bytes, position)
    if (bytes[position] !== colon) malformedJson(position, 'no colon after a key')
  }
  return position + 1
}

/** `start` is at the opening quote; the end is behind the closing one. */
export function endOfString(source: ByteSource, start: number): number {
  const position = endOfPlain(source, start + 1)
  return source.bytes[position] === quote ? position + 1 : endOfEscapedString(source, position)
}

function endOfEscapedString(source: ByteSource, start: number): number {
  const { bytes } = source
  let position = start
  while (bytes[position] === backslash) position = endOfPlain(source, endOfEscape(bytes, position))
  if (bytes[position] !== quote) malformedJson(position, 'control character or end within a string')
  return position + 1
}

/**
 * Where bytes that stand for themselves in a string end: at a quote, a backslash, a control character or the
 * end. Four bytes at a time: in each byte of a difference the sign bit tells whether it was below what was
 * subtracted, exactly so in the lowest such byte, and the lowest is what is wanted; `~word` leaves out the bytes
 * from 0x80, which are none of these.
 * Source: Bit Twiddling Hacks, "Determine if a word has a byte less than n".
 */
export function endOfPlain({ bytes, view }: ByteSource, start: number): number {
  const lastWord = bytes.length - 4
  let position = start
  while (position <= lastWord) {
    const word = view.getInt32(position, true)
    const below =
      ((word ^ 0x22222222) - 0x01010101) | ((word ^ 0x5c5c5c5c) - 0x01010101) | (word - 0x20202020)
    const found = below & ~word & 0x80808080
    if (found !== 0) return position + ((31 - Math.clz32(found & -found)) >> 3)
    position += 4
  }
  while (position < bytes.length) {
    const byte = bytes[position] as number
    if (byte === quote || byte === backslash || byte < 0x20) break
    position++
  }
  return position
}

function endOfEscape(bytes: Buffer, start: number): number {
  const letter = bytes[start + 1]
  if (letter !== undefined && simpleEscapes.has(letter)) return start + 2
  if (letter !== 0x75) malformedJson(start, 'unknown escape')
  for (let i = start + 2; i < start + 6; i++) {
    const byte = bytes[i] ?? 0
    const isLetter = (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66)
    if (!isLetter && !isDigit(byte)) malformedJson(start, 'unknown escape')
  }
  return start + 6
}

export function endOfNumber(bytes: Buffer, start: number): number {
  let position = bytes[start] === minus ? start + 1 : start
  position = bytes[position] === 0x30 ? position + 1 : endOfDigits(bytes, position)
  if (bytes[position] === 0x2e) position = endOfDigits(bytes, position + 1)
  if (bytes[position] === 0x65 || bytes[position] === 0x45) {
    const sign = bytes[position + 1]
    position = endOfDigits(bytes, sign === 0x2b || sign === 0x2d ? position + 2 : position + 1)
  }
  return position
}

/** At least one digit. */
function endOfDigits(bytes: Buffer, start: number): number {
  let position = start
  while (position < bytes.length && isDigit(bytes[position] as number)) position++
  if (position === start) malformedJson(start, 'no digit where one has to be')
  return position
}

export function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

export function endOfLiteral(bytes: Buffer, start: number): number {
  for (const literal of literals) {
    if (bytes[start] !== literal[0]) continue
    for (let i = 1; i < literal.length; i++) {
      if (bytes[start + i] !== literal[i]) malformedJson(start, 'no value where one has to be')
    }
    return start + literal.length
  }
  return malformedJson(start, 'no value where one has to be')
}
