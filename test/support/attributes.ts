import type { Attributes, AttributeValue } from '../../src/event/attribute.ts'
import { attributeMap } from '../../src/event/attribute.ts'
import { stringOf, Utf8Text } from '../../src/event/utf8-text.ts'

/** Attributes from pairs or an object. */
export function attributesOf(
  given: Iterable<readonly [string, AttributeValue]> | Readonly<Record<string, AttributeValue>>,
): Attributes {
  const pairs = [...(Symbol.iterator in given ? given : Object.entries(given))] as [string, AttributeValue][]
  return { keys: pairs.map(([key]) => key), values: pairs.map(([, value]) => value) }
}

export type PlainValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | Uint8Array
  | readonly PlainValue[]
  | ReadonlyMap<string, PlainValue>

/** The value with strings for all its texts. */
export function plainValue(value: AttributeValue): PlainValue {
  if (value instanceof Utf8Text) return stringOf(value)
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value
  if (Array.isArray(value)) return value.map(plainValue)
  return new Map(
    [...(value as ReadonlyMap<string, AttributeValue>)].map(([key, item]) => [key, plainValue(item)]),
  )
}

/** Attributes as a map of such values; the last of equal keys wins. */
export function plainAttributes(attributes: Attributes): ReadonlyMap<string, PlainValue> {
  return plainValue(attributeMap(attributes)) as ReadonlyMap<string, PlainValue>
}
