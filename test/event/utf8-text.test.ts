import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createByteSource } from '../../src/event/byte-source.ts'
import { createRowWriter } from '../../src/event/row-binary.ts'
import { byteLengthOf, stringOf, textAt, Utf8Text } from '../../src/event/utf8-text.ts'

const pieces = fc.oneof(
  fc.string({ unit: 'binary' }).map((text) => Buffer.from(text.toWellFormed())),
  fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom('', 'é', 'x'.repeat(255), 'x'.repeat(256)).map((text) => Buffer.from(text)),
)
const texts = fc.array(pieces, { maxLength: 4 }).map((list) => Buffer.concat(list))

/** The text among other bytes, none of which are its own. */
function textAmong(bytes: Buffer, before: number) {
  const source = createByteSource(Buffer.concat([Buffer.alloc(before, 0xff), bytes, Buffer.alloc(3, 0x80)]))
  return textAt(source, before, before + bytes.length)
}

it('is the text that its bytes give, and stays where it stands only when they are UTF-8', () => {
  fc.assert(
    fc.property(texts, fc.nat({ max: 5 }), (bytes, before) => {
      const text = textAmong(bytes, before)
      const string = bytes.toString()
      expect(stringOf(text)).toBe(string)
      expect(byteLengthOf(text)).toBe(Buffer.byteLength(string))
      expect(text instanceof Utf8Text).toBe(bytes.length > 0 && Buffer.from(string).equals(bytes))
    }),
    { numRuns: 2000 },
  )
})

it('is written to a row as its string would be', () => {
  fc.assert(
    fc.property(fc.array(texts), (list) => {
      const [inPlace, inStrings] = [createRowWriter(64), createRowWriter(64)]
      for (const bytes of list) {
        inPlace.writerOf('String')(textAmong(bytes, 1))
        inStrings.writerOf('String')(bytes.toString())
      }
      expect(inPlace.take().equals(inStrings.take())).toBe(true)
    }),
  )
})
