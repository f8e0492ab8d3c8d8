/**
 * Where the text ends that was written at `at`, one byte a character; -1 if it is not ASCII. For texts that are too
 * short to be worth a call into C++. The target has room for as many bytes as the text has characters.
 */
export function writeAscii(text: string, target: Buffer, at: number): number {
  let seen = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    seen |= code
    target[at + i] = code
  }
  return seen > 127 ? -1 : at + text.length
}
