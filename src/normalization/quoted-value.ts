const maxQuotedChars = 256
const maxBlanks = 3

/**
 * Where a quoted value ends, given where its opening quote is; -1 when there is no such quote, or what it opens is too
 * long for a value or a sentence. An apostrophe inside a word is no quote.
 */
export function endOfQuotedValue(source: string, at: number): number {
  const closing = closingQuote(source.charCodeAt(at))
  if (closing === 0) return -1
  const isSingle = closing === 0x27 || closing === 0x2019
  if (isSingle && isLetterOrDigit(source.charCodeAt(at - 1))) return -1
  const limit = Math.min(source.length, at + maxQuotedChars)
  let blanks = 0
  for (let end = at + 1; end < limit; end++) {
    const code = source.charCodeAt(end)
    if (code === 0x20 && ++blanks > maxBlanks) return -1
    if (code === closing && !(isSingle && isLetterOrDigit(source.charCodeAt(end + 1)))) return end
  }
  return -1
}

/** Whether a UTF-16 unit beyond ASCII is a decimal digit: Arabic, Persian, Indic, Thai, full-width and the like. */
export function isDigitElsewhere(code: number): boolean {
  const mayBe = (code >= 0x660 && code < 0x1c5a) || (code >= 0xff10 && code <= 0xff19)
  return mayBe && /\p{Nd}/u.test(String.fromCharCode(code))
}

function closingQuote(code: number): number {
  switch (code) {
    case 0x22: // "
    case 0x60: // `
    case 0x27: // '
      return code
    case 0x201c: // “
      return 0x201d
    case 0x2018: // ‘
      return 0x2019
    case 0xab: // «
      return 0xbb
    default:
      return 0
  }
}

function isLetterOrDigit(code: number): boolean {
  return (
    (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95
  )
}
