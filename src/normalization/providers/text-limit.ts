/** The first `maxChars` of a text as well-formed Unicode: no half of a surrogate pair, cut off or sent, gets stored. */
export function boundedText(text: string, maxChars: number): string {
  const head = text.length > maxChars ? text.slice(0, maxChars) : text
  return head.isWellFormed() ? head : head.toWellFormed()
}
