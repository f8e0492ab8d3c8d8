import { endOfMarker } from './marker.ts'
import type { Matcher, Scan, ScanRule, Trigger } from './rule.ts'

const redactedMarkers: Trigger = { characters: 'R', after: '[' }

/** What the escapes of `decodeEscapes` begin with. */
const escapes: readonly Trigger[] = [
  { characters: '"\\/bfnrtux\'', after: '\\' },
  { characters: '01234567', after: '%' },
  { characters: '#qalg', after: '&' },
]

/**
 * Makes the pass over a text that all rules share. A table over pairs of neighbouring characters tells in one look
 * whether any rule could begin here, so that text without secrets costs about one table look-up per character.
 * `endOfTaken` are parts that are not looked into: the markers of an earlier redaction.
 */
export function createScanner(
  rules: readonly Pick<ScanRule, 'triggers' | 'match'>[],
  ruleIds: ReadonlySet<string>,
): (text: string, scan: Scan) => void {
  const skipMarker: Matcher = (scan, at) => endOfMarker(scan.text, at - 1, ruleIds)
  const noteEscape: Matcher = (scan) => {
    scan.hasEscapes = true
    return 0
  }
  const { cells, lists } = compileTriggers([
    { triggers: [redactedMarkers], match: skipMarker },
    { triggers: escapes, match: noteEscape },
    ...rules,
  ])

  return (text, scan) => {
    const { length } = text
    let previous = 0
    let at = 0
    while (at < length) {
      let code = text.charCodeAt(at)
      if (code > 127) code = 0
      const cell = cells[(previous << 7) | code]
      previous = code
      at++
      if (cell === undefined || cell === 0) continue
      const next = runMatchers(lists[cell] ?? [], scan, at - 1)
      if (next <= at) continue
      at = next
      previous = text.charCodeAt(at - 1)
      if (previous > 127) previous = 0
    }
  }
}

function runMatchers(matchers: readonly Matcher[], scan: Scan, at: number): number {
  let next = 0
  for (const match of matchers) next = Math.max(next, match(scan, at))
  return next
}

interface CompiledTriggers {
  /** For a pair of characters, `(first << 7) | second`, the index in `lists`; 0 = no rule. */
  readonly cells: Uint8Array
  readonly lists: readonly (readonly Matcher[])[]
}

function compileTriggers(rules: readonly Pick<ScanRule, 'triggers' | 'match'>[]): CompiledTriggers {
  const matchersOf = new Map<number, Set<Matcher>>()
  for (const { triggers, match } of rules) {
    for (const { after, characters } of triggers) {
      for (const pair of pairs(after, characters)) {
        const matchers = matchersOf.get(pair) ?? new Set()
        matchersOf.set(pair, matchers.add(match))
      }
    }
  }
  const cells = new Uint8Array(128 * 128)
  const lists: (readonly Matcher[])[] = [[]]
  const indexes = new Map<string, number>()
  const numbers = new Map(rules.map(({ match }, index) => [match, index]))
  for (const [pair, matchers] of matchersOf) {
    const key = [...matchers].map((match) => numbers.get(match)).join()
    let index = indexes.get(key)
    if (index === undefined) {
      index = lists.push([...matchers]) - 1
      indexes.set(key, index)
    }
    cells[pair] = index
  }
  return { cells, lists }
}

function* pairs(after: string, characters: string): Iterable<number> {
  for (let first = 0; first < after.length; first++) {
    for (let second = 0; second < characters.length; second++) {
      yield (after.charCodeAt(first) << 7) | characters.charCodeAt(second)
    }
  }
}
