import { randomBytes } from 'node:crypto'

/** A set of ids of 16 bytes, for a number of them that is known before. An id is what the given bytes begin with. */
export interface IdSet {
  /** @throws RangeError when it is full. */
  add(id: Uint8Array): void
  has(id: Uint8Array): boolean
  clear(): void
  readonly size: number
}

/** Of the slots, as many are taken at most as finds an id in two or three steps. */
const slotsPerId = 1.5
const wordsPerId = 4

/**
 * Open addressing over one array: 24 bytes for each id outside of V8's heap, where a Map of strings takes 100 inside of it,
 * which every full collection marks, and which holds the event loop for some milliseconds when it grows.
 */
export function createIdSet(maxIds: number): IdSet {
  const slots = Math.ceil(maxIds * slotsPerId) + 1
  const words = new Uint32Array(slots * wordsPerId)
  // Ids may be chosen by who sends them: without knowing these numbers nobody can choose ids of one slot.
  const seeds = new Uint32Array(new Uint8Array(randomBytes(wordsPerId * 4)).buffer)
  const [seed0 = 0, seed1 = 0, seed2 = 0, seed3 = 0] = seeds.map((seed) => seed | 1)
  let size = 0
  /** A slot of zeros is empty, so the id of zeros has no slot. */
  let hasZero = false

  /** The position of the id, or of the empty slot that it would get. */
  function find(a: number, b: number, c: number, d: number): number {
    const hash = (Math.imul(a, seed0) + Math.imul(b, seed1) + Math.imul(c, seed2) + Math.imul(d, seed3)) >>> 0
    let slot = Math.floor((hash / 2 ** 32) * slots)
    for (;;) {
      const at = slot * wordsPerId
      const first = words[at] as number
      const second = words[at + 1] as number
      const third = words[at + 2] as number
      const fourth = words[at + 3] as number
      if (first === a && second === b && third === c && fourth === d) return at
      if ((first | second | third | fourth) === 0) return at
      slot = slot + 1 === slots ? 0 : slot + 1
    }
  }

  return {
    add(id) {
      const a = wordOf(id, 0)
      const b = wordOf(id, 4)
      const c = wordOf(id, 8)
      const d = wordOf(id, 12)
      if ((a | b | c | d) === 0) {
        if (!hasZero) size++
        hasZero = true
        return
      }
      const position = find(a, b, c, d)
      if (!isEmpty(words, position)) return
      if (size >= maxIds) throw new RangeError(`the set holds its ${maxIds} ids already`)
      words[position] = a
      words[position + 1] = b
      words[position + 2] = c
      words[position + 3] = d
      size++
    },
    has(id) {
      const a = wordOf(id, 0)
      const b = wordOf(id, 4)
      const c = wordOf(id, 8)
      const d = wordOf(id, 12)
      return (a | b | c | d) === 0 ? hasZero : !isEmpty(words, find(a, b, c, d))
    },
    clear() {
      words.fill(0)
      hasZero = false
      size = 0
    },
    get size() {
      return size
    },
  }
}

/** Four bytes of an id as a number. */
export function wordOf(id: Uint8Array, offset: number): number {
  return (
    ((id[offset] as number) |
      ((id[offset + 1] as number) << 8) |
      ((id[offset + 2] as number) << 16) |
      ((id[offset + 3] as number) << 24)) >>>
    0
  )
}

function isEmpty(words: Uint32Array, at: number): boolean {
  return (
    ((words[at] as number) |
      (words[at + 1] as number) |
      (words[at + 2] as number) |
      (words[at + 3] as number)) ===
    0
  )
}
