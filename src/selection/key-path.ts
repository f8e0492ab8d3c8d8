import type { Attributes, AttributesBuilder, AttributeValue } from '../event/attribute.ts'
import { type ByteSource, sameBytes } from '../event/byte-source.ts'
import { createTextCache } from '../event/text-cache.ts'

/** A key that came after certain others: the way from the root of a tree to it is a list of keys. */
export interface KeyPath {
  readonly key: string
  readonly before: KeyPath | undefined
  /** Keys before it. */
  readonly depth: number
  /** What came after it, the latest mostly first. */
  readonly next: KeyPath[]
  /** The bytes of the key: how many, and where. */
  readonly length: number
  readonly held: DataView
  readonly heldAt: number
  /** All keys up to this one, once that was asked for. */
  keys: readonly string[] | undefined
}

/** Lists of keys that came before. */
export interface KeyPaths {
  /** Where each list begins. */
  root(): KeyPath
  /** The path with the key behind it that stands from `start` to before `end`; undefined when there is no room for another. */
  follow(path: KeyPath, source: ByteSource, start: number, end: number): KeyPath | undefined
}

const maxKeyBytes = 64
const maxNext = 8
const maxDepth = 256

const keys = createTextCache(1024, maxKeyBytes)

/**
 * Attributes of one kind of event have the same keys in the same order, so that a key is mostly the one that came after
 * the key before it the last time. To compare the two is all that is needed then: no look-up, no string, and the list of
 * keys is the list of the event before.
 * @param maxPaths of the tree, which is begun anew when it is full and as many keys have found no room.
 */
export function createKeyPaths(maxPaths = 4096): KeyPaths {
  let held = new DataView(new ArrayBuffer(maxPaths * maxKeyBytes))
  let root = createRoot(held)
  let count = 0
  let refused = 0

  function add(path: KeyPath, source: ByteSource, start: number, length: number): KeyPath | undefined {
    if (length > maxKeyBytes || path.next.length === maxNext || path.depth === maxDepth) return undefined
    if (count === maxPaths) {
      if (++refused < maxPaths) return undefined
      // Paths of the old tree may be under way, so that their bytes stay.
      held = new DataView(new ArrayBuffer(maxPaths * maxKeyBytes))
      root = createRoot(held)
      count = 0
      refused = 0
      return undefined
    }
    const heldAt = count++ * maxKeyBytes
    for (let i = 0; i < length; i++) held.setUint8(heldAt + i, source.bytes[start + i] as number)
    const key = keys(source, start, start + length)
    const next = { key, before: path, depth: path.depth + 1, next: [], length, held, heldAt, keys: undefined }
    path.next.push(next)
    return next
  }

  return {
    root: () => root,
    follow(path, source, start, end) {
      const length = end - start
      const { next } = path
      for (let i = 0; i < next.length; i++) {
        const found = next[i] as KeyPath
        if (found.length !== length || !sameBytes(source, start, found.held, found.heldAt, length)) continue
        if (i > 0) {
          next[i] = next[i - 1] as KeyPath
          next[i - 1] = found
        }
        return found
      }
      return add(path, source, start, length)
    },
  }
}

function createRoot(held: DataView): KeyPath {
  return { key: '', before: undefined, depth: 0, next: [], length: 0, held, heldAt: 0, keys: [] }
}

function keysOf(path: KeyPath): readonly string[] {
  if (path.keys !== undefined) return path.keys
  const all = new Array<string>(path.depth)
  let at = path
  while (at.before !== undefined) {
    all[at.depth - 1] = at.key
    at = at.before
  }
  path.keys = all
  return all
}

/** Attributes while they are read. */
export class AttributesReading {
  /** Of the keys up to now; undefined when they are a list of their own. */
  path: KeyPath | undefined
  readonly values: AttributeValue[] = []
  private ownKeys: string[] = []

  constructor(root: KeyPath) {
    this.path = root
  }

  /** Where attributes are added whose keys are on no path. */
  leavePath(): AttributesBuilder {
    if (this.path !== undefined) this.ownKeys = [...keysOf(this.path)]
    this.path = undefined
    return { keys: this.ownKeys, values: this.values }
  }

  end(): Attributes {
    return { keys: this.path === undefined ? this.ownKeys : keysOf(this.path), values: this.values }
  }
}
