/** Repeatable pseudo-random numbers. */
export interface Random {
  /** A whole number from 0 to below `limit` (at most 2^32). */
  below(limit: number): number
  /** So many random hex digits. */
  hex(digits: number): string
  pick<Item>(items: readonly [Item, ...Item[]]): Item
}

/** Steele and Vigna's splitmix32: well spread, and the same for the same seed. */
export function createRandom(seed: number): Random {
  let state = seed | 0
  const next = (): number => {
    state = (state + 0x9e3779b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }
  const below = (limit: number): number => Math.floor((next() / 2 ** 32) * limit)
  const hex = (digits: number): string =>
    Array.from({ length: digits }, () => below(16).toString(16)).join('')
  return { below, hex, pick: (items) => items[below(items.length)] ?? items[0] }
}
