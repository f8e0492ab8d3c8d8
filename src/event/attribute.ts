import { stringOf, type Text, Utf8Text } from './utf8-text.ts'

/**
 * One OTLP `AnyValue`, decoded. Text stays where it stands in the export. int64 is a number while it is a safe integer
 * and a bigint beyond; `null` is an AnyValue with no value set.
 * Source: opentelemetry-proto, common/v1/common.proto.
 */
export type AttributeValue =
  | Text
  | boolean
  | number
  | bigint
  | Uint8Array
  | null
  | readonly AttributeValue[]
  | AttributeMap

/** A `KeyValueList`. A Map, so that keys such as `__proto__` are only keys; the last of equal keys wins. */
export type AttributeMap = ReadonlyMap<string, AttributeValue>

/**
 * The attributes of an event, a span or a resource in the order of the wire: key and value of each have the same index.
 * Equal keys may occur, and the last of them wins. Two arrays, which are filled faster than a Map of some fifty entries.
 */
export interface Attributes {
  readonly keys: readonly string[]
  readonly values: readonly AttributeValue[]
}

/** Attributes while they are read. */
export interface AttributesBuilder extends Attributes {
  readonly keys: string[]
  readonly values: AttributeValue[]
}

export const noAttributes: Attributes = { keys: [], values: [] }

/** The attribute of this name; undefined when there is none. For few names: it looks at all of them. */
export function attributeOf({ keys, values }: Attributes, name: string): AttributeValue | undefined {
  const index = keys.lastIndexOf(name)
  return index === -1 ? undefined : values[index]
}

export function attributeMap({ keys, values }: Attributes): AttributeMap {
  return new Map(keys.map((key, index) => [key, values[index] as AttributeValue]))
}

/**
 * The text of an attribute as a column holds it: text as it is, numbers and booleans in decimal or
 * `true`/`false`, bytes in base64, arrays and maps as JSON; `''` for what is absent.
 */
export function attributeText(value: AttributeValue | undefined): Text {
  if (typeof value === 'string' || value instanceof Utf8Text) return value
  if (value === undefined || value === null) return ''
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value)
  return JSON.stringify(toJson(value))
}

/** `attributeText` as a string. */
export function attributeString(value: AttributeValue | undefined): string {
  return stringOf(attributeText(value))
}

/** The attribute as a finite number, also from decimal text; undefined for anything else. */
export function attributeNumber(value: AttributeValue | undefined): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (value === undefined) return undefined
  if (typeof value === 'bigint') return Number(value)
  const text = value instanceof Utf8Text ? stringOf(value) : value
  if (typeof text !== 'string' || !/^\s*-?\d+(\.\d+)?\s*$/.test(text)) return undefined
  return Number(text)
}

/** The attribute as a boolean, also from the text `true` or `false`; undefined for anything else. */
export function attributeBoolean(value: AttributeValue | undefined): boolean | undefined {
  const plain = value instanceof Utf8Text ? stringOf(value) : value
  if (typeof plain === 'boolean') return plain
  if (plain === 'true') return true
  if (plain === 'false') return false
  return undefined
}

function toJson(value: AttributeValue): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (value === null || typeof value !== 'object') return value
  if (value instanceof Utf8Text) return stringOf(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map(toJson)
  const object: Record<string, unknown> = Object.create(null)
  for (const [key, item] of value as AttributeMap) object[key] = toJson(item)
  return object
}
