/** One found secret, in offsets of the text that was scanned. */
export interface Hit {
  start: number
  end: number
  readonly ruleId: string
  /**
   * Where the opening quote of the JSON key stands whose number is replaced, -1 otherwise: the replacement is text,
   * so it needs the quotes that the number did not have.
   */
  readonly quoteAt: number
}

/** How the text of a scan was written originally. */
export interface Source {
  /** The character at this offset as it was written: `"`, `\\"`, `\\u0022`. */
  readonly written: (offset: number) => string
  /** Whether the character at this offset was an escape until the last decoding; in the text as it came, always. */
  readonly isFresh: (offset: number) => boolean
  /** Whether all of the original text is JSON. */
  readonly isJson: () => boolean
}

/** One pass over one text. Matchers add to `hits` and read what earlier matchers left. */
export interface Scan {
  text: string
  readonly hits: Hit[]
  /** Up to here a value under a secret key has been taken; keys inside of it are not keys. */
  keyedUntil: number
  /** Up to here there is no dot that a JWT which starts later could need. */
  noJwtUntil: number
  /** The text as it came, before any escapes were decoded, as this scan's text has them. */
  source: Source
  /** Whether JSON escapes, percent-encoding or character references were seen. */
  hasEscapes: boolean
}

/**
 * Looks for a secret around `at`, where a trigger stands. Adds it to `scan.hits` and returns where the scan goes on,
 * or 0 when there is none. Must read a bounded number of characters when it finds nothing.
 */
export type Matcher = (scan: Scan, at: number) => number

/** Calls the matcher at each of `characters` that stands after one of `after` (ASCII; `\0` is the start or not ASCII). */
export interface Trigger {
  readonly characters: string
  readonly after: string
}

interface Examples {
  readonly id: string
  /** Texts in which the rule finds something. */
  readonly catches: readonly string[]
  /** Texts in which it finds nothing. */
  readonly leaves: readonly string[]
}

/** Where to look, and how. */
export interface Finder {
  readonly triggers: readonly Trigger[]
  /**
   * Whether the matcher could find something at a trigger, from the bytes around it alone: false only when it could
   * not. Without it, it always could. The text begins at `start`; bytes before it and behind the text are no part of it
   * and can be anything. Bytes from 128 on stand for characters that are not ASCII.
   */
  readonly mayMatch?: (bytes: Uint8Array, at: number, start: number) => boolean
  readonly match: Matcher
}

/** A rule that finds secrets in any text. */
export interface ScanRule extends Examples {
  readonly kind: 'value' | 'key' | 'query'
  readonly finders: readonly Finder[]
  /** Off unless it is asked for. */
  readonly optional?: true
}

/** A rule by the name of a header; `catches` and `leaves` are names. */
export interface HeaderRule extends Examples {
  readonly kind: 'header'
  readonly keeps: (name: string) => boolean
}

export type Rule = ScanRule | HeaderRule

/** A rule of the operator, compiled. `find` returns start and end of each match, one after the other. */
export interface UserRule {
  readonly id: string
  readonly find: (text: string) => readonly number[]
}

export function addHit(scan: Scan, ruleId: string, start: number, end: number, quoteAt = -1): number {
  scan.hits.push({ start, end, ruleId, quoteAt })
  return end
}
