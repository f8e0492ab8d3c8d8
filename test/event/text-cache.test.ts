import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createByteSource } from '../../src/event/byte-source.ts'
import { createTextCache } from '../../src/event/text-cache.ts'

it('gives the text of the bytes, whatever was read before', () => {
  // Two slots and an alphabet of few bytes, UTF-8 and not, so that nearly everything collides.
  const read = createTextCache(2, 8)
  const bytes = fc.array(fc.constantFrom(0x61, 0x62, 0xc3, 0xa9, 0xe9), { maxLength: 10 })
  fc.assert(
    fc.property(fc.array(bytes, { minLength: 2, maxLength: 20 }), (texts) => {
      for (const text of [...texts, ...texts]) {
        const padded = Buffer.from([0x78, ...text, 0x78])
        expect(read(createByteSource(padded), 1, 1 + text.length)).toBe(Buffer.from(text).toString())
      }
    }),
    { numRuns: 500 },
  )
})

it('hands out the string that it made before', () => {
  const read = createTextCache(64, 32)
  const source = createByteSource(Buffer.from('gen_ai.system'))
  const decode = source.bytes.toString.bind(source.bytes)
  let decodeCount = 0
  source.bytes.toString = (...range) => {
    decodeCount++
    return decode(...range)
  }
  read(source, 0, 13)
  read(source, 0, 13)
  expect(decodeCount).toBe(1)
})
