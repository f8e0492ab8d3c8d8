/** What a character can be; a word's characters are added up to tell what is in it. */
export const wordBit = 1
export const digitBit = 2
/** `@` of an address, `*` of a masked key. */
export const markBit = 4
export const slashBit = 8
/** `-` `:` `_` `.`, which join the parts of names. */
export const joinBit = 16
export const blankBit = 32
/** Punctuation belongs to a sentence at the ends of a word, and to the word inside it. */
export const punctuationBit = 64

/** By UTF-16 unit: no character is looked at twice to find out what it is. */
const bitsOfUnits = new Uint8Array(0x10000)
const mark = (characters: string, bits: number): void => {
  for (const character of characters) {
    const code = character.charCodeAt(0)
    bitsOfUnits[code] = (bitsOfUnits[code] as number) | bits
  }
}
mark('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_$%&*+,./:;=@~#!?-0123456789', wordBit)
mark('0123456789', digitBit)
mark('@*', markBit)
mark('/', slashBit)
mark('-:_.', joinBit)
mark(' \t\n\v\f\r\u00a0\u202f\u2009\u3000', blankBit)
mark('.,:;!?=&#', punctuationBit)

/** The bits of a character; those beyond ASCII have none, but the blanks among them. */
export function bitsOf(unit: number): number {
  return bitsOfUnits[unit] as number
}

/** A message whose UTF-16 units stand in an array, too: to read one there takes half of the time. */
export interface MessageText {
  readonly source: string
  readonly units: Uint16Array
}

export interface Word {
  /** Without the punctuation around it; `start === end` when there is nothing else. */
  start: number
  end: number
  /** Where the punctuation after it ends. */
  next: number
  /** Of the characters from start to end. */
  bits: number
}

const equals = 61

/** Finds the word at `at`, where a word character is. The `=` of `name=value` parts two words, that of a URL does not. */
export function scanWord({ source, units }: MessageText, at: number, word: Word): void {
  let start = -1
  let end = at
  let bits = 0
  let pending = 0
  let next = at
  while (next < source.length) {
    const code = units[next] as number
    const own = bitsOf(code)
    if ((own & wordBit) === 0) break
    if ((own & punctuationBit) !== 0) {
      if (code === equals && start !== -1 && !isUrl(source, start, next, bits)) break
      pending |= own
      next++
      continue
    }
    if (start === -1) start = next
    else bits |= pending
    bits |= own
    pending = 0
    next++
    // Most of a message is letters, which have no bit but that of words.
    while (next < source.length && bitsOf(units[next] as number) === wordBit) next++
    end = next
  }
  word.start = start === -1 ? next : start
  word.end = start === -1 ? next : end
  word.next = next
  word.bits = bits
  if ((bits & digitBit) !== 0) includeAddressEnds(source, at, word)
}

/** The `::` that an IPv6 address may start or end with. */
function includeAddressEnds(source: string, at: number, word: Word): void {
  if (word.start - at >= 2 && source.startsWith('::', word.start - 2)) word.start -= 2
  if (word.next - word.end >= 2 && source.startsWith('::', word.end)) word.end += 2
}

function isUrl(source: string, start: number, end: number, bits: number): boolean {
  return (bits & slashBit) !== 0 && source.slice(start, Math.min(end, start + 32)).includes('://')
}
