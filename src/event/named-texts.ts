import type { Text } from './utf8-text.ts'

/** When as many names have been looked at, a Map of them would have been made and asked in the time. */
const manyLooks = 1000

/** Names, each of them once, in an order. One list is shared by all events that have these names. */
export class NameList {
  readonly names: readonly string[]
  private looks = 0
  private places: ReadonlyMap<string, number> | undefined

  constructor(names: readonly string[]) {
    this.names = names
  }

  /** The place of the name in the list; -1 when it is not there. */
  indexOf(name: string): number {
    if (this.places !== undefined) return this.places.get(name) ?? -1
    this.looks += this.names.length
    if (this.looks > manyLooks) this.places = new Map(this.names.map((listed, index) => [listed, index]))
    return this.names.indexOf(name)
  }
}

/**
 * Texts by name, as a Map has them, over a list of names and an array with the text of each. It takes a fraction of what a
 * Map takes to be made and to be gone through; `get` is for few questions.
 */
export class NamedTexts implements ReadonlyMap<string, Text> {
  readonly list: NameList
  readonly texts: readonly Text[]

  constructor(list: NameList, texts: readonly Text[]) {
    this.list = list
    this.texts = texts
  }

  get size(): number {
    return this.texts.length
  }

  get(name: string): Text | undefined {
    const index = this.list.indexOf(name)
    return index === -1 ? undefined : this.texts[index]
  }

  has(name: string): boolean {
    return this.list.indexOf(name) !== -1
  }

  forEach(take: (text: Text, name: string, all: ReadonlyMap<string, Text>) => void): void {
    for (const [index, name] of this.list.names.entries()) take(this.texts[index] as Text, name, this)
  }

  keys(): MapIterator<string> {
    return this.list.names.values()
  }

  values(): MapIterator<Text> {
    return this.texts.values()
  }

  entries(): MapIterator<[string, Text]> {
    return this.list.names.map((name, index): [string, Text] => [name, this.texts[index] as Text]).values()
  }

  [Symbol.iterator](): MapIterator<[string, Text]> {
    return this.entries()
  }
}

export const noTexts = new NamedTexts(new NameList([]), [])

/** The same texts under the same names. */
export function namedTexts(texts: ReadonlyMap<string, Text>): NamedTexts {
  return texts instanceof NamedTexts
    ? texts
    : new NamedTexts(new NameList([...texts.keys()]), [...texts.values()])
}

/** `compute` with its answer kept for each list as long as the list is. */
export function rememberLists<Answer extends object>(
  compute: (list: NameList) => Answer,
): (list: NameList) => Answer {
  const known = new WeakMap<NameList, Answer>()
  return (list) => {
    const before = known.get(list)
    if (before !== undefined) return before
    const answer = compute(list)
    known.set(list, answer)
    return answer
  }
}
