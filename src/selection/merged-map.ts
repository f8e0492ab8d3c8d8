import type { AttributeMap, Attributes, AttributeValue } from '../event/attribute.ts'

/** A list of key-values as a map, added to what an earlier part of the same value said. */
export function mergedMap(earlier: AttributeValue, { keys, values }: Attributes): AttributeMap {
  const map: Map<string, AttributeValue> = earlier instanceof Map ? earlier : new Map()
  for (let i = 0; i < keys.length; i++) map.set(keys[i] as string, values[i] as AttributeValue)
  return map
}
