const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', "'": "\\'", '\0': '\\0' }

/** The text as a string literal of ClickHouse SQL, which no text can end. */
export function quote(text: string): string {
  return `'${text.replace(/[\\'\0]/g, (character) => escapes[character] ?? '')}'`
}
