import {
  type Attributes,
  type AttributeValue,
  attributeNumber,
  attributeString,
  attributeText,
  noAttributes,
} from '../event/attribute.ts'
import { NamedTexts, type NameList, noTexts } from '../event/named-texts.ts'
import type { SelectedEvent } from '../event/selected-event.ts'
import { stringOf, type Text } from '../event/utf8-text.ts'
import { createAttributePlaces, toResponse, toRest, toSlot } from './attribute-places.ts'
import { headerOf } from './header-attributes.ts'

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
  requestHeaders: NamedTexts
  responseHeaders: NamedTexts
  /** Attributes of event, span and resource that have none of the reader's names, as text. Headers are not among them. */
  rest: NamedTexts
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
  const placesOf = createAttributePlaces(slots)
  const noValues = (): (AttributeValue | undefined)[] => names.map(() => undefined)
  const eventValues = noValues()
  const spanValues = noValues()
  /** Of the resource that was read last, which is that of the next event, too, until the export ends. */
  const resourceValues = noValues()
  let resource: Attributes | undefined
  let resourceNames: readonly string[] = []
  let resourceTexts: readonly Text[] = []
  /** The event's texts that have no slot. */
  let rest: Text[] = []
  let requestHeaders: Text[] = []
  let responseHeaders: Text[] = []

  function readResource(attributes: Attributes): void {
    const texts = new Map<string, Text>()
    resourceValues.fill(undefined)
    for (let i = 0; i < attributes.keys.length; i++) {
      const key = attributes.keys[i] as string
      const value = attributes.values[i] as AttributeValue
      const slot = slots.get(key)
      if (slot !== undefined) resourceValues[slot] = value
      else if (headerOf(key) === undefined) texts.set(key, attributeText(value))
    }
    resource = attributes
    resourceNames = [...texts.keys()]
    resourceTexts = [...texts.values()]
  }

  /** @param first of the steps, of which each attribute has one. */
  function read(
    { values }: Attributes,
    steps: readonly number[],
    first: number,
    into: (AttributeValue | undefined)[],
  ): void {
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as AttributeValue
      const step = steps[first + i] as number
      const index = step >> 2
      const kind = step & 3
      if (kind === toSlot) into[index] = value
      else if (kind === toRest) rest[index] = attributeText(value)
      else if (kind === toResponse) responseHeaders[index] = headerText(value)
      else requestHeaders[index] = headerText(value)
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
    requestHeaders: noTexts,
    responseHeaders: noTexts,
    rest: noTexts,
  }

  return (event) => {
    if (event.resource !== resource) readResource(event.resource)
    eventValues.fill(undefined)
    spanValues.fill(undefined)
    const ofSpan = event.span?.attributes ?? noAttributes
    const places = placesOf(resourceNames, ofSpan.keys, event.attributes.keys)
    rest = new Array<Text>(places.rest.names.length)
    for (let i = 0; i < resourceTexts.length; i++) rest[i] = resourceTexts[i] as Text
    requestHeaders = new Array<Text>(places.requestHeaders.names.length)
    responseHeaders = new Array<Text>(places.responseHeaders.names.length)
    read(ofSpan, places.steps, 0, spanValues)
    read(event.attributes, places.steps, ofSpan.keys.length, eventValues)
    lookup.rest = named(places.rest, rest)
    lookup.requestHeaders = named(places.requestHeaders, requestHeaders)
    lookup.responseHeaders = named(places.responseHeaders, responseHeaders)
    return lookup
  }
}

function named(list: NameList, texts: readonly Text[]): NamedTexts {
  return list.names.length === 0 ? noTexts : new NamedTexts(list, texts)
}

function isNone(value: AttributeValue | undefined): boolean {
  return value === undefined || value === null || value === ''
}

/** Header attributes are arrays of values, one for each time the header occurs (semantic conventions for HTTP). */
function headerText(item: AttributeValue): Text {
  if (!Array.isArray(item)) return attributeText(item)
  return item.length === 1 ? attributeText(item[0]) : item.map(attributeString).join(', ')
}
