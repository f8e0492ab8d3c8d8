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

const bitsOfAscii = new Uint8Array(128)
const mark = (characters: string, bits: number): void => {
  for (const character of characters) {
    const code = character.charCodeAt(0)
    bitsOfAscii[code] = (bitsOfAscii[code] ?? 0) | bits
  }
}
mark('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_$%&*+,./:;=@~#!?-0123456789', wordBit)
mark('0123456789', digitBit)
mark('@*', markBit)
mark('/', slashBit)
mark('-:_.', joinBit)
mark(' \t\n\v\f\r', blankBit)
mark('.,:;!?=&#', punctuationBit)

/** The bits of a character; those beyond ASCII have none, but the blanks among them. */
export function bitsOf(code: number): number {
  if (code < 128) return bitsOfAscii[code] ?? 0
  return code === 0xa0 || code === 0x202f || code === 0x2009 || code === 0x3000 ? blankBit : 0
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
export function scanWord(source: string, at: number, word: Word): void {
  let start = -1
  let end = at
  let bits = 0
  let pending = 0
  let next = at
  for (; next < source.length; next++) {
    const code = source.charCodeAt(next)
    const own = bitsOf(code)
    if (own === wordBit && pending === 0 && start !== -1) {
      // A letter inside of a word: nearly all characters are.
      end = next + 1
      continue
    }
    if ((own & wordBit) === 0) break
    if ((own & punctuationBit) !== 0) {
      if (code === equals && start !== -1 && !isUrl(source, start, next, bits)) break
      pending |= own
      continue
    }
    if (start === -1) {
      start = next
      pending = 0
    }
    bits |= pending | own
    pending = 0
    end = next + 1
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
