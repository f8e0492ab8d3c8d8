import { type Attributes, type AttributeValue, attributeNumber, attributeText } from '../event/attribute.ts'
import type { SelectedEvent } from '../event/selected-event.ts'

/**
 * Reads an event's attributes in the contract's order of precedence: the event's own, its span's, its resource's.
 * Remembers what was read, so that `rest` is what is left.
 */
export interface AttributeLookup {
  /** The first attribute of these names that is there. */
  value(...names: string[]): AttributeValue | undefined
  text(...names: string[]): string
  number(...names: string[]): number | undefined
  /** Attributes whose name starts with the prefix, by the rest of the name, from event and span. */
  withPrefix(prefix: string): Map<string, string>
  /** Attributes that nobody asked for, as text. */
  rest(): Map<string, string>
}

export function createAttributeLookup(event: SelectedEvent): AttributeLookup {
  const layers: Attributes[] = [event.attributes]
  if (event.span) layers.push(event.span.attributes)
  layers.push(event.resource)
  const read = new Set<string>()

  function value(...names: string[]): AttributeValue | undefined {
    let found: AttributeValue | undefined
    for (const name of names) {
      read.add(name)
      for (let index = 0; found === undefined && index < layers.length; index++) {
        const candidate = layers[index]?.get(name)
        if (candidate !== undefined && candidate !== null && candidate !== '') found = candidate
      }
    }
    return found
  }

  return {
    value,
    text: (...names) => attributeText(value(...names)),
    number: (...names) => attributeNumber(value(...names)),
    withPrefix(prefix) {
      const found = new Map<string, string>()
      for (const layer of [event.span?.attributes, event.attributes]) {
        for (const [key, item] of layer ?? []) {
          if (!key.startsWith(prefix)) continue
          read.add(key)
          found.set(key.slice(prefix.length).toLowerCase(), headerText(item))
        }
      }
      return found
    },
    rest() {
      const left = new Map<string, string>()
      for (let index = layers.length - 1; index >= 0; index--) {
        for (const [key, item] of layers[index] ?? []) if (!read.has(key)) left.set(key, attributeText(item))
      }
      return left
    },
  }
}

/** Header attributes are arrays of values, one for each time the header occurs (semantic conventions for HTTP). */
function headerText(item: AttributeValue): string {
  return Array.isArray(item) ? item.map(attributeText).join(', ') : attributeText(item)
}
