import type { ByteSource } from './byte-source.ts'
import { sameBytes } from './byte-source.ts'

/** Reads text, and hands out the string of an earlier reading where the bytes are the same. */
export type TextCache = (source: ByteSource, start: number, end: number) => string

/**
 * A cache for text that repeats, such as attribute keys: making a string from bytes takes several times as long
 * as finding the one that was made before. One string per slot, the latest wins; longer text is not kept.
 * `slots` is a power of two; `maxLength` is in bytes, a multiple of 4.
 */
export function createTextCache(slots: number, maxLength: number): TextCache {
  const texts = new Array<string>(slots).fill('')
  const lengths = new Uint8Array(slots)
  const held = new DataView(new ArrayBuffer(slots * maxLength))
  return (source, start, end) => {
    const length = end - start
    if (length === 0) return ''
    if (length > maxLength) return source.bytes.toString('utf8', start, end)
    const slot = sampleHash(source, start, length) & (slots - 1)
    const at = slot * maxLength
    if (lengths[slot] === length && sameBytes(source, start, held, at, length)) return texts[slot] as string
    const text = source.bytes.toString('utf8', start, end)
    texts[slot] = text
    lengths[slot] = length
    for (let i = 0; i < length; i++) held.setUint8(at + i, source.bytes[start + i] as number)
    return text
  }
}

/** Of the length and the bytes at both ends and in the middle. */
function sampleHash({ bytes, view }: ByteSource, start: number, length: number): number {
  if (length < 4) return ((bytes[start] as number) * 31 + (bytes[start + length - 1] as number)) * 31 + length
  let hash = Math.imul(view.getInt32(start, true), 0x9e3779b1) + length
  hash = Math.imul(mixed(hash) ^ view.getInt32(start + length - 4, true), 0x85ebca6b)
  hash = Math.imul(mixed(hash) ^ view.getInt32(start + ((length - 4) >> 1), true), 0xc2b2ae35)
  return mixed(hash ^ (hash >>> 7))
}

/** A product has its best bits on top, and a slot is taken from those at the bottom. */
function mixed(hash: number): number {
  return hash ^ (hash >>> 15)
}
