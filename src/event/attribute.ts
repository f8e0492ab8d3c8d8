/**
 * One OTLP `AnyValue`, decoded. int64 is a number while it is a safe integer and a bigint beyond;
 * `null` is an AnyValue with no value set.
 * Source: opentelemetry-proto, common/v1/common.proto.
 */
export type AttributeValue =
  | string
  | boolean
  | number
  | bigint
  | Uint8Array
  | null
  | readonly AttributeValue[]
  | Attributes

/** Attributes by key. A Map, so that keys such as `__proto__` are only keys; the last of equal keys wins. */
export type Attributes = ReadonlyMap<string, AttributeValue>

/**
 * The text of an attribute as a column holds it: strings as they are, numbers and booleans in decimal or
 * `true`/`false`, bytes in base64, arrays and maps as JSON; `''` for what is absent.
 */
export function attributeText(value: AttributeValue | undefined): string {
  if (typeof value === 'string') return value
  if (value === undefined || value === null) return ''
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value)
  return JSON.stringify(toJson(value))
}

/** The attribute as a finite number, also from decimal text; undefined for anything else. */
export function attributeNumber(value: AttributeValue | undefined): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'string' || !/^\s*-?\d+(\.\d+)?\s*$/.test(value)) return undefined
  return Number(value)
}

/** The attribute as a boolean, also from the text `true` or `false`; undefined for anything else. */
export function attributeBoolean(value: AttributeValue | undefined): boolean | undefined {
  if (typeof value === 'boolean') return value
  if (value === 'true') return true
  if (value === 'false') return false
  return undefined
}

function toJson(value: AttributeValue): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (value === null || typeof value !== 'object') return value
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map(toJson)
  const object: Record<string, unknown> = Object.create(null)
  for (const [key, item] of value as Attributes) object[key] = toJson(item)
  return object
}
