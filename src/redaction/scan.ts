import { ascii } from './characters.ts'
import { endOfMarker } from './marker.ts'
import type { Finder, Matcher, Scan, ScanRule, Trigger } from './rule.ts'

/** What the escapes of `decodeEscapes` begin with. */
const escapes: readonly Trigger[] = [{ characters: '\\%&', after: ascii }]
const markers: readonly Trigger[] = [{ characters: '[', after: ascii }]

/** Reading bytes takes a third of the time of reading characters; for short texts copying them takes what that saves. */
const minBytesScanned = 24
const chunkChars = 32_768

/**
 * Makes the pass over a text that all rules share. Two tables, over characters and over pairs of neighbours, tell
 * whether any rule could begin here, so that text without secrets costs little more than one look-up per character.
 * Markers of an earlier redaction, with one of `ruleIds`, are passed over.
 */
export function createScanner(
  rules: readonly Pick<ScanRule, 'finders'>[],
  ruleIds: ReadonlySet<string>,
): (text: string, scan: Scan) => void {
  const tables = compileFinders([
    { triggers: markers, match: (scan, at) => endOfMarker(scan.text, at, ruleIds) },
    { triggers: escapes, match: noteEscape },
    ...rules.flatMap((rule) => rule.finders),
  ])
  const { cells, matchers } = tables
  const bytes = Buffer.alloc(1 + chunkChars * 3)

  function scanCharacters(scan: Scan, from: number, end: number): number {
    let at = from
    while (at < end) {
      const code = scan.text.charCodeAt(at)
      const cell = code < 128 ? cells[(asciiBefore(scan.text, at) << 7) | code] : 0
      const next = cell === undefined || cell === 0 ? 0 : (matchers[cell]?.(scan, at) ?? 0)
      at = next > at ? next : at + 1
    }
    return at
  }

  /** `bytes[1]` is the character of the text at `from`; all are ASCII. */
  function scanBytes(scan: Scan, from: number, length: number): number {
    const offset = from - 1
    let at = nextTrigger(tables, bytes, 1, length)
    while (at <= length) {
      const cell = cells[((bytes[at - 1] ?? 0) << 7) | (bytes[at] ?? 0)] ?? 0
      const next = (matchers[cell]?.(scan, at + offset) ?? 0) - offset
      at = nextTrigger(tables, bytes, next > at ? next : at + 1, length)
    }
    return at + offset
  }

  return (text, scan) => {
    let at = 0
    while (at < text.length) {
      const end = Math.min(text.length, at + chunkChars)
      const length = end - at
      const chunk = length === text.length ? text : text.slice(at, end)
      bytes[0] = asciiBefore(text, at)
      const isAscii = length >= minBytesScanned && bytes.write(chunk, 1) === length
      at = isAscii ? scanBytes(scan, at, length) : scanCharacters(scan, at, end)
    }
  }
}

/** 0 for the start of the text and for what is not ASCII. */
function asciiBefore(text: string, at: number): number {
  const code = at === 0 ? 0 : text.charCodeAt(at - 1)
  return code > 127 ? 0 : code
}

function noteEscape(scan: Scan): number {
  scan.hasEscapes = true
  return 0
}

interface Tables {
  /** 1 for characters that are the second of any pair. */
  readonly characters: Uint8Array
  /** For a pair of characters, `(first << 7) | second`, the index in `matchers`; 0 = no rule. */
  readonly cells: Uint8Array
  readonly matchers: readonly Matcher[]
}

/**
 * The first position from `from` to `last` where a rule could begin; beyond `last` when there is none. Calls nothing,
 * so that the compiler keeps everything in registers.
 */
function nextTrigger({ characters, cells }: Tables, bytes: Uint8Array, from: number, last: number): number {
  let at = from
  for (; at <= last; at++) {
    const code = bytes[at] as number
    if (characters[code] === 1 && cells[((bytes[at - 1] as number) << 7) | code] !== 0) return at
  }
  return at
}

function compileFinders(finders: readonly Finder[]): Tables {
  const findersOf = new Map<number, Set<number>>()
  for (const [index, { triggers }] of finders.entries()) {
    for (const { after, characters } of triggers) {
      for (const pair of pairs(after, characters)) {
        const indexes = findersOf.get(pair) ?? new Set()
        findersOf.set(pair, indexes.add(index))
      }
    }
  }
  const characters = new Uint8Array(256)
  const cells = new Uint8Array(128 * 128)
  const matchers: Matcher[] = [() => 0]
  const cellOf = new Map<string, number>()
  for (const [pair, indexes] of findersOf) {
    const key = [...indexes].join()
    const cell = cellOf.get(key) ?? matchers.length
    if (cell === matchers.length) {
      matchers.push(oneOf(finders.filter((_, index) => indexes.has(index)).map((finder) => finder.match)))
      cellOf.set(key, cell)
    }
    characters[pair & 127] = 1
    cells[pair] = cell
  }
  return { characters, cells, matchers }
}

/** Asks all of them; the scan goes on where the farthest ends. */
function oneOf(matchers: readonly Matcher[]): Matcher {
  const [first = () => 0, ...others] = matchers
  if (others.length === 0) return first
  const rest = oneOf(others)
  return (scan, at) => Math.max(first(scan, at), rest(scan, at))
}

function* pairs(after: string, characters: string): Iterable<number> {
  for (let first = 0; first < after.length; first++) {
    for (let second = 0; second < characters.length; second++) {
      yield (after.charCodeAt(first) << 7) | characters.charCodeAt(second)
    }
  }
}
