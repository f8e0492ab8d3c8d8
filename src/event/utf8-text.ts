import { isUtf8 } from 'node:buffer'
import type { ByteSource } from './byte-source.ts'
import { createTextCache } from './text-cache.ts'

/**
 * Text that stands in a buffer: valid UTF-8 from `start` to before `end`, at least one byte. It is good as long as the
 * buffer is, which is until the row that it ends up in is encoded.
 */
export class Utf8Text {
  readonly source: ByteSource
  readonly start: number
  readonly end: number
  /** Who has looked at it and found nothing to take out; the texts of a resource are those of all its events. */
  clearedBy: object | undefined

  constructor(source: ByteSource, start: number, end: number) {
    this.source = source
    this.start = start
    this.end = end
    this.clearedBy = undefined
  }
}

/** Text of a column or an attribute: a string where something had to look at it, else where it stands. */
export type Text = string | Utf8Text

/** The text of bytes: where they stand if they are UTF-8, else a string with U+FFFD for what is not. */
export function textAt(source: ByteSource, start: number, end: number): Text {
  if (start === end) return ''
  if (isAscii(source, start, end) || isUtf8(source.bytes.subarray(start, end)))
    return new Utf8Text(source, start, end)
  return source.bytes.toString('utf8', start, end)
}

// Values such as model, provider and method repeat; long ones are ids and messages.
const strings = createTextCache(1024, 32)

/** The text as a string, which costs as much each time for texts of more than 32 bytes. */
export function stringOf(text: Text): string {
  return typeof text === 'string' ? text : strings(text.source, text.start, text.end)
}

/** Its size in UTF-8. */
export function byteLengthOf(text: Text): number {
  return typeof text === 'string' ? Buffer.byteLength(text) : text.end - text.start
}

/** From here on `isUtf8` is faster, in spite of the view that it needs. */
const longText = 256

/** Whether all of a short text is ASCII; false for a long one, which is not looked at. */
function isAscii({ bytes, view }: ByteSource, start: number, end: number): boolean {
  if (end - start >= longText) return false
  const lastWord = end - 4
  let seen = 0
  if (lastWord < start) for (let at = start; at < end; at++) seen |= bytes[at] as number
  else {
    for (let at = start; at < lastWord; at += 4) seen |= view.getInt32(at, true)
    seen |= view.getInt32(lastWord, true)
  }
  return (seen & 0x80808080) === 0
}
