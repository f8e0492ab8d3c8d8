import { writeAscii } from '../event/ascii.ts'
import { type ByteSource, copyBytes, createByteSource } from '../event/byte-source.ts'
import type { Headers, HeadersColumn } from '../event/headers.ts'
import { namedTexts, rememberLists } from '../event/named-texts.ts'
import { stringOf, type Text, Utf8Text } from '../event/utf8-text.ts'
import type { Redactor } from './create-redactor.ts'
import { limitHeaders } from './headers.ts'

const quote = 34
const openBracket = 91
const backslash = 92
const openObject = 123
const closeObject = 125
const blank = 32

/**
 * Makes the function that turns the headers of a column into the text of a JSON object without their secrets, of at
 * most `maxBytes`. It stands in the function's own buffer until the next call.
 *
 * Nearly all headers are plain ASCII. Those are written there as they stand, with the marker for each that is not kept
 * by name, and looked at as `Redactor.headers` does. Where anything else turns up, the whole of it is made once more,
 * as text.
 */
export function createHeadersRedaction(
  redactor: Redactor,
  maxBytes: number,
): (headers: HeadersColumn) => Text {
  const redactText = (json: string): string => limitHeaders(redactor.headers(json), maxBytes)
  const write = createHeadersWriter(redactor, maxBytes)
  return (headers) => {
    if (typeof headers === 'string') return redactText(headers)
    if (headers instanceof Utf8Text) return redactText(stringOf(headers))
    if (headers.size === 0) return ''
    return write(headers) ?? redactText(headersText(headers))
  }
}

/** The headers as the JSON object text of their column. */
export function headersText(headers: Headers): string {
  const members = [...headers].map(
    ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(stringOf(value))}`,
  )
  return `{${members.join()}}`
}

/** Undefined when the headers have to be redacted as text. */
function createHeadersWriter(
  { plainHeaders }: Redactor,
  maxBytes: number,
): (headers: Headers) => Utf8Text | undefined {
  if (plainHeaders === undefined) return () => undefined
  const { keeps, marker, mayContainSecret } = plainHeaders
  const namesOf = rememberLists(({ names }) => names.map((name) => plainName(name, keeps(name))))
  const target = createByteSource(Buffer.allocUnsafeSlow(maxBytes))
  const { bytes } = target

  return (headers) => {
    const { list, texts } = namedTexts(headers)
    const names = namesOf(list)
    let at = 0
    /** What was written from here on has not been looked at. */
    let unseen = 0
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as PlainName | undefined
      const value = texts[i] as Text
      if (name === undefined) return undefined
      const { opening, openingBytes, isKept } = name
      const size = openingBytes + (typeof value === 'string' ? value.length : value.end - value.start)
      // The quote behind the value and the end of the object.
      if (at + size + marker.length + 2 > maxBytes) return undefined
      copyBytes(opening, 0, openingBytes, target, at)
      if (at === 0) bytes[0] = openObject
      at += openingBytes
      if (isKept || value === '') {
        at = writePlain(value, target, at)
        if (at === -1) return undefined
      } else {
        // What begins as a marker may be one.
        if (firstCode(value) === openBracket) return undefined
        if (mayContainSecret(bytes, unseen, at)) return undefined
        at = writeAscii(marker, bytes, at)
        unseen = at
      }
      bytes[at++] = quote
    }
    bytes[at++] = closeObject
    return mayContainSecret(bytes, unseen, at) ? undefined : new Utf8Text(target, 0, at)
  }
}

/** A name as it stands in the object, with what comes before it and before its value. */
interface PlainName {
  readonly opening: ByteSource
  readonly openingBytes: number
  readonly isKept: boolean
}

/** Undefined for a name that JSON has to escape. */
function plainName(name: string, isKept: boolean): PlainName | undefined {
  if (!isPlain(name)) return undefined
  const opening = createByteSource(Buffer.from(`,"${name}":"`, 'latin1'))
  return { opening, openingBytes: opening.bytes.length, isKept }
}

function firstCode(value: Text): number {
  return typeof value === 'string' ? value.charCodeAt(0) : (value.source.bytes[value.start] as number)
}

/** Whether a text is ASCII that stands in JSON as it is. */
function isPlain(text: string): boolean {
  return /^[ !#-[\]-~]*$/.test(text)
}

/** Where the value ends that was written at `at`; -1 for one that JSON has to escape, or that is not ASCII. */
function writePlain(value: Text, target: ByteSource, at: number): number {
  if (typeof value === 'string') return isPlain(value) ? at + target.bytes.write(value, at, 'latin1') : -1
  const { source, start, end } = value
  if (!isPlainBetween(source, start, end)) return -1
  copyBytes(source, start, end, target, at)
  return at + end - start
}

/** As `isPlain`, for bytes of UTF-8: four at a time, each in its part of a word. */
function isPlainBetween({ bytes, view }: ByteSource, start: number, end: number): boolean {
  const lastWord = end - 4
  if (lastWord < start) {
    for (let at = start; at < end; at++) if (!isPlainByte(bytes[at] as number)) return false
    return true
  }
  let odd = 0
  for (let at = start; at < lastWord; at += 4) odd |= oddBytes(view.getInt32(at, true))
  return (odd | oddBytes(view.getInt32(lastWord, true))) === 0
}

function isPlainByte(byte: number): boolean {
  return byte >= blank && byte !== quote && byte !== backslash && byte < 0x7f
}

const ones = 0x01010101
const tops = 0x80808080 | 0

/**
 * Not 0 if a byte of the word is below 32, a quote, a backslash, or above 126. A byte is found by the borrow that it gives to
 * its top bit. Source: "Determine if a word has a byte less than n", graphics.stanford.edu/~seander/bithacks.html
 */
function oddBytes(word: number): number {
  const quotes = word ^ (quote * ones)
  const backslashes = word ^ (backslash * ones)
  const below = (word - blank * ones) & ~word
  const equal = ((quotes - ones) & ~quotes) | ((backslashes - ones) & ~backslashes)
  return (below | equal | word | (word + ones)) & tops
}
