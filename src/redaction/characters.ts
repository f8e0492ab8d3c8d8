/** Classes of UTF-16 units, as the rules need them. All of them are about ASCII; anything else is in none. */
export const digits = '0123456789'
export const lowercase = 'abcdefghijklmnopqrstuvwxyz'
export const uppercase = lowercase.toUpperCase()
export const alphanumerics = digits + lowercase + uppercase
export const ascii = String.fromCharCode(...Array(128).keys())
/** What may stand before a token: everything that is no letter and no digit. */
export const boundaries = without(ascii, alphanumerics)

export function without(characters: string, excluded: string): string {
  return [...characters].filter((character) => !excluded.includes(character)).join('')
}

/** A set of ASCII characters that is asked by code; `table[code]` of any other code is undefined. */
export type CharacterSet = Readonly<Uint8Array>

export function characterSet(characters: string): CharacterSet {
  const table = new Uint8Array(128)
  for (let index = 0; index < characters.length; index++) table[characters.charCodeAt(index)] = 1
  return table
}

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

export function isUppercase(code: number): boolean {
  return code >= 65 && code <= 90
}

export function isLetter(code: number): boolean {
  const lower = code | 32
  return lower >= 97 && lower <= 122 && code < 128
}

export function isAlphanumeric(code: number): boolean {
  return isDigit(code) || isLetter(code)
}

/** Where the run of characters of the set ends that starts at `from`; at most at `limit`. */
export function endOfRun(text: string, from: number, set: CharacterSet, limit = text.length): number {
  let at = from
  const end = Math.min(limit, text.length)
  while (at < end && set[text.charCodeAt(at)] === 1) at++
  return at
}

/** Whether the text ends here, or was visibly shortened here with dots. */
export function isCutAt(text: string, at: number): boolean {
  return at >= text.length || text.charCodeAt(at) === 0x2026 || text.startsWith('...', at)
}
