import { type Attributes, type AttributeValue, attributeNumber, attributeText } from '../event/attribute.ts'
import type { SelectedEvent } from '../event/selected-event.ts'
import { headerOf } from './header-attributes.ts'

/** An event's attributes in the contract's order of precedence: the event's own, its span's, its resource's. */
export interface AttributeLookup<Name extends string> {
  /** The attribute of this name, or of its older name; an empty text counts as none. */
  value(name: Name, alias?: Name): AttributeValue | undefined
  text(name: Name, alias?: Name, older?: Name): string
  number(name: Name, alias?: Name): number | undefined
  /** Headers that stand in attributes of their own, names in lowercase. */
  requestHeaders: Map<string, string>
  responseHeaders: Map<string, string>
  /** Attributes of event, span and resource that have none of the reader's names, as text. Headers are not among them. */
  rest: Map<string, string>
}

/**
 * Makes the function that looks at the attributes of one event after the other. It touches each attribute once and
 * sorts it by name: into a slot, among the headers, or into the rest. What it returns is good until its next call.
 * @param names all that is asked for; every other attribute is in the rest.
 */
export function createAttributeReader<Name extends string>(
  names: readonly Name[],
): (event: SelectedEvent) => AttributeLookup<Name> {
  const slots = new Map<string, number>(names.map((name, slot) => [name, slot]))
  const none: (AttributeValue | undefined)[] = names.map(() => undefined)
  let values = none
  /** Of the resource that was read last, which is that of the next event, too, until the export ends. */
  let resource: Attributes | undefined
  let resourceValues = none
  let resourceRest: ReadonlyMap<string, string> = new Map()

  function readResource(attributes: Attributes): void {
    const rest = new Map<string, string>()
    values = none.slice()
    for (const [key, value] of attributes) {
      const slot = slots.get(key)
      if (slot !== undefined) put(slot, value)
      else if (headerOf(key) === undefined) rest.set(key, attributeText(value))
    }
    resource = attributes
    resourceValues = values
    resourceRest = rest
  }

  function read(attributes: Attributes): void {
    for (const [key, value] of attributes) {
      const slot = slots.get(key)
      if (slot !== undefined) {
        put(slot, value)
        continue
      }
      const header = headerOf(key)
      if (header === undefined) lookup.rest.set(key, attributeText(value))
      else if (header.isResponse) lookup.responseHeaders.set(header.name, headerText(value))
      else lookup.requestHeaders.set(header.name, headerText(value))
    }
  }

  function put(slot: number, value: AttributeValue): void {
    if (value !== null && value !== '') values[slot] = value
  }

  function value(name: Name, alias?: Name): AttributeValue | undefined {
    const found = values[slots.get(name) as number]
    return found === undefined && alias !== undefined ? values[slots.get(alias) as number] : found
  }

  const lookup: AttributeLookup<Name> = {
    value,
    text(name, alias, older) {
      const text = attributeText(value(name, alias))
      return text === '' && older !== undefined ? attributeText(value(older)) : text
    },
    number: (name, alias) => attributeNumber(value(name, alias)),
    requestHeaders: new Map(),
    responseHeaders: new Map(),
    rest: new Map(),
  }

  return (event) => {
    if (event.resource !== resource) readResource(event.resource)
    values = resourceValues.slice()
    lookup.requestHeaders = new Map()
    lookup.responseHeaders = new Map()
    lookup.rest = new Map(resourceRest)
    if (event.span !== undefined) read(event.span.attributes)
    read(event.attributes)
    return lookup
  }
}

/** Header attributes are arrays of values, one for each time the header occurs (semantic conventions for HTTP). */
function headerText(item: AttributeValue): string {
  if (!Array.isArray(item)) return attributeText(item)
  return item.length === 1 ? attributeText(item[0]) : item.map(attributeText).join(', ')
}
