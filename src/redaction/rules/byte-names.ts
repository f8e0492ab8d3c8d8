import { classifyKeyName } from './key-names.ts'

const slotCount = 1024
const maxHeldBytes = 48

/** One name per slot, the latest wins: its length, its bytes and whether it tells of a secret. */
const lengths = new Uint8Array(slotCount)
const held = new Uint8Array(slotCount * maxHeldBytes)
const isSecret = new Uint8Array(slotCount)

/**
 * Whether `classifyKeyName` makes anything of the name whose UTF-8 stands from `start` to before `end`; true, too, for
 * names that are not ASCII. The names of JSON repeat, so that the answer is mostly one from before.
 */
export function mayBeSecretName(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start
  let hash = length
  let seen = 0
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number
    hash = (Math.imul(hash, 31) + byte) | 0
    seen |= byte
  }
  if (seen > 127) return true
  if (length > maxHeldBytes) return classify(bytes, start, end)
  const slot = (hash ^ (hash >>> 10) ^ (hash >>> 20)) & (slotCount - 1)
  const heldAt = slot * maxHeldBytes
  if (lengths[slot] === length && isSame(bytes, start, heldAt, length)) return isSecret[slot] === 1
  lengths[slot] = length
  for (let i = 0; i < length; i++) held[heldAt + i] = bytes[start + i] as number
  const answer = classify(bytes, start, end)
  isSecret[slot] = answer ? 1 : 0
  return answer
}

function isSame(bytes: Uint8Array, start: number, heldAt: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (held[heldAt + i] !== bytes[start + i]) return false
  return true
}

function classify(bytes: Uint8Array, start: number, end: number): boolean {
  return classifyKeyName(String.fromCharCode(...bytes.subarray(start, end))) !== 'none'
}
