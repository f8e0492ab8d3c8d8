import { InterfaceError } from './exception.ts'

/** A column type of the Native format, as far as the length of its values must be known. */
export type NativeType =
  | { readonly kind: 'fixed'; readonly bytes: number }
  | { readonly kind: 'string' }
  | { readonly kind: 'nullable' | 'array' | 'lowCardinality'; readonly of: NativeType }
  | { readonly kind: 'tuple'; readonly of: readonly NativeType[] }

const fixedBytes: Readonly<Record<string, number>> = {
  ...{
    Int8: 1,
    UInt8: 1,
    Bool: 1,
    Enum8: 1,
    Nothing: 1,
    Int16: 2,
    UInt16: 2,
    Enum16: 2,
    Date: 2,
    BFloat16: 2,
  },
  ...{ Int32: 4, UInt32: 4, Float32: 4, Date32: 4, DateTime: 4, IPv4: 4, Time: 4, Decimal32: 4 },
  ...{ Int64: 8, UInt64: 8, Float64: 8, DateTime64: 8, Time64: 8, Decimal64: 8 },
  ...{ Int128: 16, UInt128: 16, UUID: 16, IPv6: 16, Decimal128: 16, Int256: 32, UInt256: 32, Decimal256: 32 },
}

/**
 * Reads a type's name, such as `Map(LowCardinality(String), Array(Nullable(UInt8)))`.
 * @throws InterfaceError `NOT_IMPLEMENTED` for types whose values say by themselves what follows (JSON, Dynamic,
 * Variant, states of aggregate functions).
 */
export function parseNativeType(text: string): NativeType {
  const open = text.indexOf('(')
  const name = open < 0 ? text : text.slice(0, open)
  const args = open < 0 ? [] : splitArguments(text.slice(open + 1, text.lastIndexOf(')')))
  const first = (): NativeType => parseNativeType(args.at(-1) ?? '')
  const bytes = Object.hasOwn(fixedBytes, name) ? fixedBytes[name] : undefined
  if (bytes !== undefined) return { kind: 'fixed', bytes }
  if (name.startsWith('Interval')) return { kind: 'fixed', bytes: 8 }
  switch (name) {
    case 'String':
      return { kind: 'string' }
    case 'FixedString':
      return { kind: 'fixed', bytes: Number(args[0]) }
    case 'Decimal':
      return { kind: 'fixed', bytes: decimalBytes(Number(args[0])) }
    case 'Nullable':
      return { kind: 'nullable', of: first() }
    case 'LowCardinality':
      return { kind: 'lowCardinality', of: first() }
    case 'Array':
      return { kind: 'array', of: first() }
    // The type of its second argument; the function says only how parts are merged.
    case 'SimpleAggregateFunction':
      return first()
    case 'Tuple':
      return { kind: 'tuple', of: args.map(elementType) }
    case 'Map':
    case 'Nested':
      return { kind: 'array', of: { kind: 'tuple', of: args.map(elementType) } }
  }
  throw new InterfaceError(
    'NOT_IMPLEMENTED',
    `Native with a client protocol version does not know the type ${text}.`,
  )
}

function decimalBytes(precision: number): number {
  if (precision <= 9) return 4
  if (precision <= 18) return 8
  return precision <= 38 ? 16 : 32
}

/** An element of a tuple may have a name in front of its type. */
function elementType(text: string): NativeType {
  return parseNativeType(text.replace(/^(?:`(?:[^`\\]|\\.)*`|\w+)\s+(?=[A-Z])/, ''))
}

/** At commas outside of brackets and quotes. */
function splitArguments(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  let quote = ''
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index)
    if (quote !== '') {
      if (character === '\\') index++
      else if (character === quote) quote = ''
    } else if (character === "'" || character === '`') quote = character
    else if (character === '(') depth++
    else if (character === ')') depth--
    else if (character === ',' && depth === 0) {
      parts.push(text.slice(start, index).trim())
      start = index + 1
    }
  }
  const last = text.slice(start).trim()
  return last === '' ? parts : [...parts, last]
}
