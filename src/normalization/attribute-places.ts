import { NameList } from '../event/named-texts.ts'
import { headerOf } from './header-attributes.ts'

/** What an attribute is, in the lower two bits of its step. */
export const toSlot = 0
export const toRest = 1
export const toRequest = 2
export const toResponse = 3

/** Where the attributes of an event go, by their keys. */
export interface AttributePlaces {
  /** For each attribute of the span, then for each of the event's own: what it is, and above these bits its index there. */
  readonly steps: readonly number[]
  /** The resource's names come first. */
  readonly rest: NameList
  readonly requestHeaders: NameList
  readonly responseHeaders: NameList
}

interface Known {
  readonly places: AttributePlaces
  readonly resourceRest: readonly string[]
  readonly spanKeys: readonly string[]
  readonly eventKeys: readonly string[]
}

const maxKnown = 64
/** Of an event whose places are kept. */
const maxKeptKeys = 256
const maxKeptChars = 8192

/**
 * Makes the function that tells where attributes go, by their keys in the order of the wire. Events of one kind have the
 * same keys in the same order, and to compare those costs less than to look each of them up.
 * @param slots the index of each key that has a slot.
 */
export function createAttributePlaces(
  slots: ReadonlyMap<string, number>,
): (
  resourceRest: readonly string[],
  spanKeys: readonly string[],
  eventKeys: readonly string[],
) => AttributePlaces {
  const known = new Array<Known | undefined>(maxKnown).fill(undefined)

  return (resourceRest, spanKeys, eventKeys) => {
    const at = hashOf(eventKeys, hashOf(spanKeys, 0)) & (maxKnown - 1)
    const before = known[at]
    if (
      before !== undefined &&
      isSame(before.eventKeys, eventKeys) &&
      isSame(before.spanKeys, spanKeys) &&
      isSame(before.resourceRest, resourceRest)
    )
      return before.places
    const places = findPlaces(slots, resourceRest, spanKeys, eventKeys)
    if (mayKeep([resourceRest, spanKeys, eventKeys]))
      known[at] = { places, resourceRest, spanKeys, eventKeys }
    return places
  }
}

/** Of the lengths: keys that differ mostly differ in those. */
function hashOf(keys: readonly string[], seed: number): number {
  let hash = seed
  for (let i = 0; i < keys.length; i++) hash = (Math.imul(hash, 31) + (keys[i] as string).length) | 0
  return hash ^ (hash >>> 15)
}

function isSame(before: readonly string[], keys: readonly string[]): boolean {
  if (before === keys) return true
  if (before.length !== keys.length) return false
  for (let i = 0; i < keys.length; i++) if (before[i] !== keys[i]) return false
  return true
}

function mayKeep(lists: readonly (readonly string[])[]): boolean {
  const keys = lists.reduce((sum, list) => sum + list.length, 0)
  if (keys > maxKeptKeys) return false
  return lists.flat().reduce((sum, key) => sum + key.length, 0) <= maxKeptChars
}

function findPlaces(
  slots: ReadonlyMap<string, number>,
  resourceRest: readonly string[],
  spanKeys: readonly string[],
  eventKeys: readonly string[],
): AttributePlaces {
  const rest = new Map(resourceRest.map((name, index) => [name, index]))
  const requestHeaders = new Map<string, number>()
  const responseHeaders = new Map<string, number>()
  const stepOf = (key: string): number => {
    const slot = slots.get(key)
    if (slot !== undefined) return (slot << 2) | toSlot
    const header = headerOf(key)
    if (header === undefined) return (placeIn(rest, key) << 2) | toRest
    if (header.isResponse) return (placeIn(responseHeaders, header.name) << 2) | toResponse
    return (placeIn(requestHeaders, header.name) << 2) | toRequest
  }
  return {
    steps: [...spanKeys, ...eventKeys].map(stepOf),
    rest: new NameList([...rest.keys()]),
    requestHeaders: new NameList([...requestHeaders.keys()]),
    responseHeaders: new NameList([...responseHeaders.keys()]),
  }
}

/** The name's place among names; a new one gets the next. */
function placeIn(names: Map<string, number>, name: string): number {
  const place = names.get(name) ?? names.size
  names.set(name, place)
  return place
}
