import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createIdSet } from '../../src/deduplication/id-set.ts'

/** Few different bytes, so that ids meet again and differ in one place. */
const id = fc
  .array(fc.constantFrom(0, 1, 255), { minLength: 16, maxLength: 16 })
  .map((bytes) => Uint8Array.from(bytes))

describe('a set of ids', () => {
  it('knows those that were added and no others, up to its bound, and none after it was cleared', () => {
    fc.assert(
      fc.property(fc.array(id, { maxLength: 60 }), fc.array(id, { maxLength: 60 }), (added, asked) => {
        const ids = createIdSet(60)
        const model = new Set<string>()
        for (const bytes of added) {
          ids.add(bytes)
          model.add(String(bytes))
          expect(ids.size).toBe(model.size)
        }
        for (const bytes of [...added, ...asked]) expect(ids.has(bytes)).toBe(model.has(String(bytes)))
        ids.clear()
        expect(ids.size).toBe(0)
        for (const bytes of added) expect(ids.has(bytes)).toBe(false)
      }),
    )
  })

  it('holds as many as it was made for, and refuses the next', () => {
    const ids = createIdSet(1000)
    const nth = (n: number) => {
      const bytes = Buffer.alloc(16)
      bytes.writeUInt32LE(n, 4)
      return bytes
    }
    for (let n = 0; n < 1000; n++) ids.add(nth(n))
    for (let n = 0; n < 2000; n++) expect(ids.has(nth(n))).toBe(n < 1000)
    expect(() => ids.add(nth(1000))).toThrow(RangeError)
    ids.add(nth(7))
    expect(ids.size).toBe(1000)
  })
})
