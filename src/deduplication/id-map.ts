import { randomBytes } from 'node:crypto'
import { wordOf } from './id-set.ts'

/** Values of ids of 16 bytes that come and go. An id is what the given bytes begin with. */
export interface IdMap<Value> {
  get(id: Uint8Array): Value | undefined
  set(id: Uint8Array, value: Value): void
  delete(id: Uint8Array): void
}

const wordsPerId = 4
const firstSlots = 1024

/**
 * Open addressing over one array that only grows. A Map of strings makes its table anew for every few dozen entries that come
 * and go, and each of these tables lives for long enough to be left to the full collections of V8.
 */
export function createIdMap<Value extends object>(): IdMap<Value> {
  // Ids may be chosen by who sends them: without knowing these numbers nobody can choose ids of one slot.
  const seeds = new Uint32Array(new Uint8Array(randomBytes(wordsPerId * 4)).buffer)
  const [seed0 = 0, seed1 = 0, seed2 = 0, seed3 = 0] = seeds.map((seed) => seed | 1)
  let slots = firstSlots
  let words = new Uint32Array(slots * wordsPerId)
  /** A slot without a value is empty. */
  let values: (Value | undefined)[] = new Array(slots).fill(undefined)
  let size = 0

  function homeOf(a: number, b: number, c: number, d: number): number {
    const hash = (Math.imul(a, seed0) + Math.imul(b, seed1) + Math.imul(c, seed2) + Math.imul(d, seed3)) >>> 0
    return Math.floor((hash / 2 ** 32) * slots)
  }

  /** The slot of the id, or the empty one that it would get. */
  function find(a: number, b: number, c: number, d: number): number {
    let slot = homeOf(a, b, c, d)
    while (values[slot] !== undefined) {
      const at = slot * wordsPerId
      if (words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d) break
      slot = (slot + 1) % slots
    }
    return slot
  }

  const slotOf = (id: Uint8Array): number => find(wordOf(id, 0), wordOf(id, 4), wordOf(id, 8), wordOf(id, 12))

  function put(slot: number, from: ArrayLike<number>, at: number, value: Value): void {
    for (let index = 0; index < wordsPerId; index++)
      words[slot * wordsPerId + index] = from[at + index] as number
    values[slot] = value
  }

  function grow(): void {
    const before = { slots, words, values }
    slots *= 2
    words = new Uint32Array(slots * wordsPerId)
    values = new Array(slots).fill(undefined)
    for (let slot = 0; slot < before.slots; slot++) {
      const value = before.values[slot]
      if (value === undefined) continue
      const at = slot * wordsPerId
      const [a = 0, b = 0, c = 0, d = 0] = before.words.subarray(at, at + wordsPerId)
      put(find(a, b, c, d), before.words, at, value)
    }
  }

  return {
    get: (id) => values[slotOf(id)],
    set(id, value) {
      let slot = slotOf(id)
      if (values[slot] === undefined) {
        if (size >= slots / 2) {
          grow()
          slot = slotOf(id)
        }
        size++
      }
      put(slot, [wordOf(id, 0), wordOf(id, 4), wordOf(id, 8), wordOf(id, 12)], 0, value)
    },
    delete(id) {
      let hole = slotOf(id)
      if (values[hole] === undefined) return
      size--
      // What stands behind moves up where its way from its home leads over the hole.
      for (let slot = (hole + 1) % slots; values[slot] !== undefined; slot = (slot + 1) % slots) {
        const at = slot * wordsPerId
        const home = homeOf(
          words[at] as number,
          words[at + 1] as number,
          words[at + 2] as number,
          words[at + 3] as number,
        )
        if ((slot - home + slots) % slots < (slot - hole + slots) % slots) continue
        put(hole, words, at, values[slot] as Value)
        hole = slot
      }
      values[hole] = undefined
    },
  }
}
