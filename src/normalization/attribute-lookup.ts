import {
  type Attributes,
  type AttributeValue,
  attributeNumber,
  attributeString,
  attributeText,
} from '../event/attribute.ts'
import { remember } from '../event/remember.ts'
import type { SelectedEvent } from '../event/selected-event.ts'
import { stringOf, type Text } from '../event/utf8-text.ts'
import { type HeaderAttribute, headerOf } from './header-attributes.ts'

/** An event's attributes in the contract's order of precedence: the event's own, its span's, its resource's. */
export interface AttributeLookup<Name extends string> {
  /** The attribute of this name, or of its older name; an empty text counts as none. */
  value(name: Name, alias?: Name): AttributeValue | undefined
  /** As a column holds it. */
  text(name: Name, alias?: Name, older?: Name): Text
  /** For what has to be looked into. */
  string(name: Name, alias?: Name, older?: Name): string
  number(name: Name, alias?: Name): number | undefined
  /** Headers that stand in attributes of their own, names in lowercase. */
  requestHeaders: Map<string, Text>
  responseHeaders: Map<string, Text>
  /** Attributes of event, span and resource that have none of the reader's names, as text. Headers are not among them. */
  rest: Map<string, Text>
}

/** Where an attribute goes by its name: into a slot, among the headers, or, with -1 and undefined, into the rest. */
interface Place {
  readonly slot: number
  readonly header: HeaderAttribute | undefined
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
  const placeOf = remember((key): Place => ({ slot: slots.get(key) ?? -1, header: headerOf(key) }))
  const noValues = (): (AttributeValue | undefined)[] => names.map(() => undefined)
  const eventValues = noValues()
  const spanValues = noValues()
  /** Of the resource that was read last, which is that of the next event, too, until the export ends. */
  const resourceValues = noValues()
  const resourceRest = new Map<string, Text>()
  let resource: Attributes | undefined

  function readResource(attributes: Attributes): void {
    resourceValues.fill(undefined)
    resourceRest.clear()
    for (let i = 0; i < attributes.keys.length; i++) {
      const key = attributes.keys[i] as string
      const value = attributes.values[i] as AttributeValue
      const { slot, header } = placeOf(key)
      if (slot !== -1) resourceValues[slot] = value
      else if (header === undefined) resourceRest.set(key, attributeText(value))
    }
    resource = attributes
  }

  function read({ keys, values }: Attributes, into: (AttributeValue | undefined)[]): void {
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string
      const value = values[i] as AttributeValue
      const { slot, header } = placeOf(key)
      if (slot !== -1) into[slot] = value
      else if (header === undefined) lookup.rest.set(key, attributeText(value))
      else if (header.isResponse) lookup.responseHeaders.set(header.name, headerText(value))
      else lookup.requestHeaders.set(header.name, headerText(value))
    }
  }

  function valueIn(slot: number): AttributeValue | undefined {
    const own = eventValues[slot]
    if (!isNone(own)) return own
    const ofSpan = spanValues[slot]
    if (!isNone(ofSpan)) return ofSpan
    const ofResource = resourceValues[slot]
    return isNone(ofResource) ? undefined : ofResource
  }

  function value(name: Name, alias?: Name): AttributeValue | undefined {
    const found = valueIn(slots.get(name) as number)
    return found === undefined && alias !== undefined ? valueIn(slots.get(alias) as number) : found
  }

  function text(name: Name, alias?: Name, older?: Name): Text {
    const found = attributeText(value(name, alias))
    return found === '' && older !== undefined ? attributeText(value(older)) : found
  }

  const lookup: AttributeLookup<Name> = {
    value,
    text,
    string: (name, alias, older) => stringOf(text(name, alias, older)),
    number: (name, alias) => attributeNumber(value(name, alias)),
    requestHeaders: new Map(),
    responseHeaders: new Map(),
    rest: new Map(),
  }

  return (event) => {
    if (event.resource !== resource) readResource(event.resource)
    eventValues.fill(undefined)
    spanValues.fill(undefined)
    lookup.requestHeaders = new Map()
    lookup.responseHeaders = new Map()
    lookup.rest = new Map(resourceRest)
    if (event.span !== undefined) read(event.span.attributes, spanValues)
    read(event.attributes, eventValues)
    return lookup
  }
}

function isNone(value: AttributeValue | undefined): boolean {
  return value === undefined || value === null || value === ''
}

/** Header attributes are arrays of values, one for each time the header occurs (semantic conventions for HTTP). */
function headerText(item: AttributeValue): Text {
  if (!Array.isArray(item)) return attributeText(item)
  return item.length === 1 ? attributeText(item[0]) : item.map(attributeString).join(', ')
}
