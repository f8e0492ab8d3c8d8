import { sameBytes } from '../event/byte-source.ts'
import type { JsonReader } from './json-reader.ts'
import { unescaped } from './json-reader.ts'

/** A member name to look for. */
export interface JsonKey {
  readonly text: string
  readonly bytes: DataView
}

/** Names of a message's members, by length. */
export type JsonKeys = readonly (readonly JsonKey[])[]

export function jsonKey(text: string): JsonKey {
  const bytes = new TextEncoder().encode(text)
  return { text, bytes: new DataView(bytes.buffer) }
}

export function jsonKeys(...names: readonly string[]): JsonKeys {
  const longest = Math.max(...names.map((name) => name.length))
  return Array.from({ length: longest + 1 }, (_, length) =>
    names.filter((name) => name.length === length).map(jsonKey),
  )
}

/** Whether the string that was passed last says `key`, by whichever escapes. */
export function keyIs(reader: JsonReader, key: JsonKey): boolean {
  if (reader.stringEscaped) return unescaped(reader) === key.text
  return bytesAre(reader, reader.stringStart, reader.stringEnd, key)
}

/** Whether the attribute that `passUsualAttribute` passed has this key. */
export function usualKeyIs(reader: JsonReader, key: JsonKey): boolean {
  return bytesAre(reader, reader.keyStart, reader.keyEnd, key)
}

function bytesAre(reader: JsonReader, start: number, end: number, { bytes }: JsonKey): boolean {
  return end - start === bytes.byteLength && sameBytes(reader, start, bytes, 0, end - start)
}

/** Which of `keys` the string that was passed last says; '' for any other. Makes no string for it. */
export function knownKey(reader: JsonReader, keys: JsonKeys): string {
  if (reader.stringEscaped) {
    const text = unescaped(reader)
    return keys[text.length]?.some((key) => key.text === text) ? text : ''
  }
  const length = reader.stringEnd - reader.stringStart
  const candidates = length < keys.length ? (keys[length] as readonly JsonKey[]) : []
  for (const key of candidates) {
    if (sameBytes(reader, reader.stringStart, key.bytes, 0, length)) return key.text
  }
  return ''
}
