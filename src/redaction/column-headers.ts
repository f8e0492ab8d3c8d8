import { writeAscii } from '../event/ascii.ts'
import { createByteSource } from '../event/byte-source.ts'
import type { Headers, HeadersColumn } from '../event/headers.ts'
import { namedTexts, rememberLists } from '../event/named-texts.ts'
import { stringOf, type Text, Utf8Text } from '../event/utf8-text.ts'
import type { Redactor } from './create-redactor.ts'
import { limitHeaders } from './headers.ts'

const quote = 34
const comma = 44
const colon = 58
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
  const namesOf = rememberLists(({ names }) =>
    names.map((name) => ({ name, isKept: keeps(name), isPlain: isPlain(name) })),
  )
  const target = createByteSource(Buffer.allocUnsafeSlow(maxBytes))
  const { bytes } = target

  return (headers) => {
    const { list, texts } = namedTexts(headers)
    const names = namesOf(list)
    let at = 0
    /** What was written from here on has not been looked at. */
    let unseen = 0
    bytes[at++] = openObject
    for (let i = 0; i < names.length; i++) {
      const { name, isKept, isPlain } = names[i] as (typeof names)[number]
      const value = texts[i] as Text
      const size = name.length + (typeof value === 'string' ? value.length : value.end - value.start)
      // Six characters around name and value, and the end of the object.
      if (!isPlain || at + size + marker.length + 7 > maxBytes) return undefined
      if (at > 1) bytes[at++] = comma
      bytes[at++] = quote
      at = writeAscii(name, bytes, at)
      bytes[at++] = quote
      bytes[at++] = colon
      bytes[at++] = quote
      if (isKept || value === '') {
        at = writePlain(value, bytes, at)
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

function firstCode(value: Text): number {
  return typeof value === 'string' ? value.charCodeAt(0) : (value.source.bytes[value.start] as number)
}

/** Whether a text is ASCII that stands in JSON as it is. */
function isPlain(text: string): boolean {
  return /^[ !#-[\]-~]*$/.test(text)
}

/** Where the value ends that was written at `at`; -1 for one that JSON has to escape, or that is not ASCII. */
function writePlain(value: Text, target: Buffer, at: number): number {
  if (typeof value === 'string') return isPlain(value) ? at + target.write(value, at, 'latin1') : -1
  const { bytes } = value.source
  let end = at
  for (let i = value.start; i < value.end; i++) {
    const byte = bytes[i] as number
    if (byte < blank || byte === quote || byte === backslash || byte >= 0x7f) return -1
    target[end++] = byte
  }
  return end
}
