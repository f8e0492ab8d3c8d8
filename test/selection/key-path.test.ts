import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createByteSource } from '../../src/event/byte-source.ts'
import { AttributesReading, createKeyPaths } from '../../src/selection/key-path.ts'

/** Few of them and of few bytes, UTF-8 and not, so that lists share beginnings and the tree is full in no time. */
const key = fc.array(fc.constantFrom(0x61, 0x62, 0xc3, 0xa9), { maxLength: 5 })
const lists = fc.array(fc.array(fc.oneof(key, fc.constant(new Array(70).fill(0x61))), { maxLength: 12 }), {
  minLength: 2,
  maxLength: 30,
})

function read(
  paths: ReturnType<typeof createKeyPaths>,
  list: readonly number[][],
  reading: AttributesReading,
) {
  for (const [index, bytes] of list.entries()) {
    const source = createByteSource(Buffer.from([0x78, ...bytes, 0x78]))
    const next = reading.path && paths.follow(reading.path, source, 1, 1 + bytes.length)
    if (next === undefined) reading.leavePath().keys.push(Buffer.from(bytes).toString())
    else reading.path = next
    reading.values.push(index)
  }
  return reading.end()
}

describe('keys of attributes', () => {
  it('are those of the bytes, whatever came before', () => {
    fc.assert(
      fc.property(lists, (all) => {
        const paths = createKeyPaths(8)
        for (const list of [...all, ...all]) {
          const { keys, values } = read(paths, list, new AttributesReading(paths.root()))
          expect(keys).toEqual(list.map((bytes) => Buffer.from(bytes).toString()))
          expect(values).toEqual(list.map((_, index) => index))
        }
      }),
      { numRuns: 500 },
    )
  })

  it('are right, too, for attributes that are read while the tree is begun anew', () => {
    fc.assert(
      fc.property(lists, lists, (outer, all) => {
        const paths = createKeyPaths(4)
        const list = outer.flat()
        for (let round = 0; round < 2; round++) {
          const reading = new AttributesReading(paths.root())
          read(paths, list.slice(0, 3), reading)
          for (const inner of all) read(paths, inner, new AttributesReading(paths.root()))
          const { keys } = read(paths, list.slice(3), reading)
          expect(keys).toEqual(list.map((bytes) => Buffer.from(bytes).toString()))
        }
      }),
      { numRuns: 300 },
    )
  })

  it('are one list for attributes with the same keys', () => {
    const paths = createKeyPaths()
    const list = [[0x61], [0x62]]
    const first = read(paths, list, new AttributesReading(paths.root()))
    expect(read(paths, list, new AttributesReading(paths.root())).keys).toBe(first.keys)
  })
})
