import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Attributes,
  type AttributeValue,
  attributeMap,
  attributeNumber,
  attributeString,
  attributeText,
  noAttributes,
} from '../../src/event/attribute.ts'
import type { SelectedEvent } from '../../src/event/selected-event.ts'
import type { Text } from '../../src/event/utf8-text.ts'
import { createAttributeReader } from '../../src/normalization/attribute-lookup.ts'
import { attributesOf } from '../support/attributes.ts'

const names = ['a', 'b', 'c', 'older.a'] as const
const readAttributes = createAttributeReader(names)

const keys = fc.constantFrom(
  ...names,
  'other',
  'another',
  '__proto__',
  'http.request.header.x-a',
  'http.response.header.X-A',
  'http.response.header.b',
  'http.response.headers',
  'http.re',
)
const texts = fc.constantFrom('', 'x', '12', '-1.5', 'long text')
const values: fc.Arbitrary<AttributeValue> = fc.oneof(
  texts,
  fc.constantFrom<AttributeValue>(null, true, 3, 2n ** 60n, new Uint8Array([1])),
  fc.array(texts, { maxLength: 3 }),
)
const attributes: fc.Arbitrary<Attributes> = fc
  .array(fc.tuple(keys, values), { maxLength: 12 })
  .map(attributesOf)

/** Only what a reader looks at. */
const events: fc.Arbitrary<SelectedEvent> = fc
  .record({
    attributes,
    resource: attributes,
    span: fc.option(fc.record({ attributes }), { nil: undefined }),
  })
  .map((parts) => parts as SelectedEvent)

/** The contract's order of precedence, in so many words. */
function firstValue(event: SelectedEvent, name: string): AttributeValue | undefined {
  return [event.attributes, event.span?.attributes, event.resource]
    .map((from) => from && attributeMap(from).get(name))
    .find((value) => value !== undefined && value !== null && value !== '')
}

function headersOf(event: SelectedEvent, prefix: string): [string, Text][] {
  const headers = new Map<string, Text>()
  for (const from of [event.span?.attributes, event.attributes]) {
    for (const [key, value] of attributeMap(from ?? noAttributes)) {
      if (!key.startsWith(prefix)) continue
      const text = Array.isArray(value) ? value.map(attributeString).join(', ') : attributeText(value)
      headers.set(key.slice(prefix.length).toLowerCase(), text)
    }
  }
  return [...headers]
}

function restOf(event: SelectedEvent): [string, Text][] {
  const rest = new Map<string, Text>()
  for (const from of [event.resource, event.span?.attributes, event.attributes]) {
    for (const [key, value] of attributeMap(from ?? noAttributes)) {
      if (!names.some((name) => name === key) && !/^http\.re(?:quest|sponse)\.header\./.test(key))
        rest.set(key, attributeText(value))
    }
  }
  return [...rest]
}

describe('the lookup of attributes', () => {
  it('finds what the order of precedence says, one event after the other', () => {
    fc.assert(
      fc.property(fc.array(events, { minLength: 1, maxLength: 4 }), (batch) => {
        for (const event of batch) {
          const lookup = readAttributes(event)
          for (const name of names) {
            const expected = firstValue(event, name)
            expect(lookup.value(name)).toEqual(expected)
            expect(lookup.text(name)).toBe(attributeText(expected))
            expect(lookup.number(name)).toBe(attributeNumber(expected))
          }
          expect(lookup.value('a', 'older.a')).toEqual(firstValue(event, 'a') ?? firstValue(event, 'older.a'))
          expect(lookup.text('a', 'b', 'older.a')).toBe(
            lookup.text('a') || lookup.text('b') || lookup.text('older.a'),
          )
          expect([...lookup.requestHeaders]).toEqual(headersOf(event, 'http.request.header.'))
          expect([...lookup.responseHeaders]).toEqual(headersOf(event, 'http.response.header.'))
          expect([...lookup.rest]).toEqual(restOf(event))
        }
      }),
    )
  })

  it('sees another resource with the next export', () => {
    const of = (service: string): SelectedEvent =>
      ({ attributes: noAttributes, resource: attributesOf({ a: service }) }) as unknown as SelectedEvent
    expect(readAttributes(of('one')).text('a')).toBe('one')
    expect(readAttributes(of('two')).text('a')).toBe('two')
  })
})
