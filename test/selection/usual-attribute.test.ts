import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AttributesBuilder } from '../../src/event/attribute.ts'
import { createByteSource } from '../../src/event/byte-source.ts'
import { stringOf, Utf8Text } from '../../src/event/utf8-text.ts'
import { readAttributes } from '../../src/selection/any-value-json.ts'
import { createJsonReader } from '../../src/selection/json-reader.ts'
import { skipValue } from '../../src/selection/json-values.ts'
import {
  integerAttribute,
  otherAttribute,
  passUsualAttribute,
  skipAttributes,
  stringAttribute,
} from '../../src/selection/usual-attribute-json.ts'

const readerOf = (text: string) => createJsonReader(createByteSource(Buffer.from(text)))

const plain = fc.string({
  unit: fc.constantFrom('a', 'B', '.', '_', '{', '}', ':', ',', 'é', '中', '😀'),
  maxLength: 12,
})
const text = fc.oneof({ weight: 4, arbitrary: plain }, fc.string({ unit: 'binary', maxLength: 8 }))
const value = fc.oneof(
  { weight: 4, arbitrary: fc.record({ stringValue: text }) },
  { weight: 2, arbitrary: fc.record({ intValue: fc.oneof(fc.maxSafeInteger(), fc.nat(600)) }) },
  fc.record({ intValue: fc.maxSafeInteger().map(String) }),
  fc.record({ boolValue: fc.boolean() }),
  fc.record({
    arrayValue: fc.record({ values: fc.array(fc.record({ stringValue: plain }), { maxLength: 2 }) }),
  }),
  fc.constant({}),
  fc.constant(null),
)
const attributes = fc.array(fc.record({ key: text, value }), { maxLength: 6 })

/** JSON as exporters write it, or with whitespace, or the members the other way around. */
const written = fc
  .tuple(attributes, fc.constantFrom(0, 0, 1), fc.boolean())
  .map(([list, indent, isSwapped]) =>
    JSON.stringify(
      isSwapped ? list.map((one) => ({ value: one.value, key: one.key })) : list,
      undefined,
      indent,
    ),
  )
/** With one character left out, put in or put instead of another. */
const damaged = fc
  .tuple(
    written,
    fc.nat(),
    fc.constantFrom(
      '',
      '"',
      '\\',
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      ' ',
      '\n',
      '0',
      '-',
      '.',
      'e',
      'n',
      '\u0001',
    ),
    fc.nat(1),
  )
  .map(([json, seed, character, left]) => {
    const at = seed % json.length
    return json.slice(0, at) + character + json.slice(at + left)
  })

/** Where the value ends that `skip` passes, or why it does not. */
function outcomeOf(json: string, skip: (reader: ReturnType<typeof readerOf>) => void): number | string {
  const reader = readerOf(json)
  try {
    skip(reader)
    return reader.position
  } catch (error) {
    return String(error)
  }
}

describe('attributes as exporters write them', () => {
  it('are passed over as the grammar passes them, and refused as it refuses them', () => {
    fc.assert(
      fc.property(fc.oneof(written, damaged), fc.constantFrom('', ',"events":[]}', ' '), (json, rest) => {
        expect(outcomeOf(json + rest, skipAttributes)).toEqual(outcomeOf(json + rest, skipValue))
      }),
      { numRuns: 5000 },
    )
  })

  it.each([
    '[{"key":"","value":{"stringValue":""}}]',
    '[{"key":"a","value":{"intValue":-1}},{"key":"b","value":{"intValue":null}}]',
    '[{"key":"a","value":{"intValue":-}}]',
    '[{"key":"a","value":{"intValue":01}}]',
    '[{"key":"a","value":{"intValue":1.5e3}}]',
    '[{"key":"a","value":{"intValue":1',
    '[{"key":"a","value":{"stringValue":"b"}},]',
    '[{"key":"a","value":{"stringValue":"b"}}',
    '[{"key":"a","value":{"stringValue":"b"},"more":1}]',
    '[{"key":"a","value":{"stringValue":"b","intValue":1}}]',
    '[,{"key":"a","value":{"stringValue":"b"}}]',
    '[]',
    '[ ]',
    'null',
    '{"key":"a","value":{"stringValue":"b"}}',
    '',
  ])('are passed over as the grammar passes them: %s', (json) => {
    expect(outcomeOf(json, skipAttributes)).toEqual(outcomeOf(json, skipValue))
  })

  it('are told from others by their bytes', () => {
    const passed = (json: string) => passUsualAttribute(readerOf(json))
    expect(passed('{"key":"a.b","value":{"stringValue":"é"}}')).toBe(stringAttribute)
    expect(passed('{"key":"a.b","value":{"intValue":-429}}')).toBe(integerAttribute)
    expect(passed('{"key":"a.b","value":{"intValue":"429"}}')).toBe(otherAttribute)
    expect(passed('{"key":"a\\n","value":{"stringValue":""}}')).toBe(otherAttribute)
    expect(passed('{"key": "a","value":{"stringValue":""}}')).toBe(otherAttribute)
  })

  it('may be nested as deep as the grammar allows, and no deeper, behind others', () => {
    for (const depth of [1, 90, 95, 96, 97, 98, 99, 100, 101, 102, 120, 300]) {
      const nested = `{"key":"b","value":${'['.repeat(depth)}${']'.repeat(depth)}}`
      const json = `[{"key":"a","value":{"stringValue":"x"}},${nested}]`
      expect(outcomeOf(json, skipAttributes)).toEqual(outcomeOf(json, skipValue))
    }
  })

  it('are read as they are where they are written in another way', () => {
    const read = (json: string): unknown => {
      const into: AttributesBuilder = { keys: [], values: [] }
      const reader = readerOf(json)
      readAttributes(reader, into)
      expect(reader.position).toBe(Buffer.byteLength(json))
      const plainOf = (one: unknown): unknown =>
        Array.isArray(one) ? one.map(plainOf) : one instanceof Utf8Text ? stringOf(one) : one
      return { keys: into.keys, values: into.values.map(plainOf) }
    }
    fc.assert(
      fc.property(attributes, (list) => {
        const swapped = list.map((one) => ({ value: one.value, key: one.key }))
        expect(read(JSON.stringify(list))).toEqual(read(JSON.stringify(swapped)))
        expect(read(JSON.stringify(list))).toEqual(read(JSON.stringify(list, undefined, 1)))
      }),
      { numRuns: 2000 },
    )
  })
})
