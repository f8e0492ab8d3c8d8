import { ascii, isDigit, isLetter } from './characters.ts'
import { endOfMarker } from './marker.ts'
import type { Finder, Matcher, Scan, ScanRule, Trigger } from './rule.ts'

/** The shortest text that any rule finds something in is `pwd=x`. */
export const minChars = 5

/** What the escapes of `decodeEscapes` begin with. */
const escapes: readonly Trigger[] = [{ characters: '\\%&', after: ascii }]
const markers: readonly Trigger[] = [{ characters: '[', after: ascii }]

/** The rules' look at texts. */
export interface Scanner {
  /** Adds what the rules find in the text from `from` on to `scan.hits`. */
  readonly find: (text: string, scan: Scan, from: number) => void
  /** Before this, `find` finds nothing and sees no escapes; -1 = nowhere. Much cheaper, and allocates nothing. */
  readonly firstCandidate: (text: string) => number
  /** False only when that is -1, for the UTF-8 of a text, from `start` to before `end`. */
  readonly mayFindInBytes: (bytes: Uint8Array, start: number, end: number) => boolean
}

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
): Scanner {
  const tables = compileFinders([
    {
      triggers: markers,
      mayMatch: (bytes, at) => bytes[at + 1] === 82,
      match: (scan, at) => endOfMarker(scan.text, at, ruleIds),
    },
    { triggers: escapes, mayMatch: mayBeEscape, match: noteEscape },
    ...rules.flatMap((rule) => rule.finders),
  ])
  const { cells, matchers, mayMatchers } = tables
  const bytes = Buffer.alloc(1 + chunkChars * 3)
  /** The text that `bytes` holds from 1 on, one byte a character; '' = none. */
  let held = ''

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

  /** `bytes[1]` is the character of the text at `chunkStart`; all are ASCII. Looks from `bytes[first]` on. */
  function scanBytes(scan: Scan, chunkStart: number, first: number, length: number): number {
    const offset = chunkStart - 1
    let at = nextTrigger(tables, bytes, first, length)
    while (at <= length) {
      const cell = cells[((bytes[at - 1] ?? 0) << 7) | (bytes[at] ?? 0)] ?? 0
      const next = (matchers[cell]?.(scan, at + offset) ?? 0) - offset
      at = nextTrigger(tables, bytes, next > at ? next : at + 1, length)
    }
    return at + offset
  }

  /** In the text that begins at `start`, from `from` to `last`; -1 = nowhere. */
  function candidateFrom(input: Uint8Array, start: number, from: number, last: number): number {
    for (let at = nextTrigger(tables, input, from, last); at <= last; ) {
      const cell = cells[((input[at - 1] ?? 0) << 7) | (input[at] ?? 0)] ?? 0
      if (mayMatchers[cell]?.(input, at, start) !== false) return at
      at = nextTrigger(tables, input, at + 1, last)
    }
    return -1
  }

  function find(text: string, scan: Scan, from: number): void {
    if (held !== '' && held === text) {
      scanBytes(scan, 0, from + 1, text.length)
      return
    }
    held = ''
    let at = from
    while (at < text.length) {
      const end = Math.min(text.length, at + chunkChars)
      const length = end - at
      const chunk = length === text.length ? text : text.slice(at, end)
      bytes[0] = asciiBefore(text, at)
      const isAscii = length >= minBytesScanned && bytes.write(chunk, 1) === length
      at = isAscii ? scanBytes(scan, at, 1, length) : scanCharacters(scan, at, end)
    }
  }

  return {
    find,
    firstCandidate(text) {
      if (text.length > chunkChars) return 0
      bytes[0] = 0
      const length = text.length < minBytesScanned ? writeCharacters(text, bytes) : bytes.write(text, 1)
      held = length === text.length ? text : ''
      const at = candidateFrom(bytes, 1, 1, length)
      if (at === -1) return -1
      // Offsets in bytes are those in characters where all are ASCII.
      return held === '' ? 0 : at - 1
    },
    mayFindInBytes(input, start, end) {
      if (end - start < minChars) return false
      const first = cells[input[start] ?? 0] ?? 0
      if (first !== 0 && mayMatchers[first]?.(input, start, start) !== false) return true
      return candidateFrom(input, start, start + 1, end - 1) !== -1
    },
  }
}

/** 0 for the start of the text and for what is not ASCII. */
function asciiBefore(text: string, at: number): number {
  const code = at === 0 ? 0 : text.charCodeAt(at - 1)
  return code > 127 ? 0 : code
}

/** Writes to `bytes[1]` and on, one byte a character; what is not ASCII becomes one that no rule knows. */
function writeCharacters(text: string, bytes: Uint8Array): number {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    bytes[at + 1] = code > 127 ? 128 : code
  }
  return text.length
}

/** What follows a percent sign and an ampersand in what `decodeEscapes` decodes; after a backslash it can be many things. */
function mayBeEscape(bytes: Uint8Array, at: number): boolean {
  const next = bytes[at + 1] ?? 0
  switch (bytes[at]) {
    case 0x25: // %
      return isHexDigit(next) && isHexDigit(bytes[at + 2] ?? 0)
    case 0x26: // &
      return next === 0x23 || isLetter(next)
    default:
      return true
  }
}

function isHexDigit(code: number): boolean {
  return isDigit(code) || ((code | 32) >= 97 && (code | 32) <= 102)
}

function noteEscape(scan: Scan): number {
  scan.hasEscapes = true
  return 0
}

interface Tables {
  /** 1 for characters that are the second of any pair. */
  readonly characters: Uint8Array
  /** For a pair of bytes of UTF-8, `(first << 7) | second`, the index in `matchers`; 0 = no rule. */
  readonly cells: Uint8Array
  readonly matchers: readonly Matcher[]
  readonly mayMatchers: readonly MayMatch[]
}

type MayMatch = NonNullable<Finder['mayMatch']>
const always: MayMatch = () => true

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
  const cells = new Uint8Array(256 * 128)
  const matchers: Matcher[] = [() => 0]
  const mayMatchers: MayMatch[] = [() => false]
  const cellOf = new Map<string, number>()
  for (const [pair, indexes] of findersOf) {
    const key = [...indexes].join()
    const cell = cellOf.get(key) ?? matchers.length
    if (cell === matchers.length) {
      const ofCell = finders.filter((_, index) => indexes.has(index))
      matchers.push(oneOf(ofCell.map((finder) => finder.match)))
      mayMatchers.push(anyOf(ofCell.map((finder) => finder.mayMatch ?? always)))
      cellOf.set(key, cell)
    }
    characters[pair & 127] = 1
    cells[pair] = cell
  }
  // After any byte of a character that is not ASCII, as at the start.
  for (let first = 128; first < 256; first++) cells.copyWithin(first << 7, 0, 128)
  return { characters, cells, matchers, mayMatchers }
}

function anyOf(mayMatchers: readonly MayMatch[]): MayMatch {
  const [first = () => false, ...others] = mayMatchers
  if (others.length === 0 || mayMatchers.includes(always))
    return mayMatchers.includes(always) ? always : first
  const rest = anyOf(others)
  return (bytes, at, start) => first(bytes, at, start) || rest(bytes, at, start)
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
