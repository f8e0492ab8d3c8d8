const maxDepth = 32

const words: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['null', null],
  ['None', null],
])

const escapes: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
  ['b', '\b'],
  ['f', '\f'],
])

interface Cursor {
  readonly text: string
  at: number
  /** Set where the text ends or stops making sense; every level then returns what it has. */
  ended: boolean
}

/**
 * Reads as much of a JSON value as the text holds: cut-off JSON, text after the value, and the `repr` of a Python
 * dict (what Python SDKs put in exception messages). A string that is cut off keeps what is there. Linear in time,
 * never throws; undefined when there is no value at `from`.
 */
export function parseLenientJson(text: string, from = 0): unknown {
  return readValue({ text, at: from, ended: false }, 0)
}

function readValue(cursor: Cursor, depth: number): unknown {
  skipBlanks(cursor)
  const first = cursor.text.charAt(cursor.at)
  if (depth > maxDepth || first === '') return end(cursor)
  if (first === '{') return readObject(cursor, depth)
  if (first === '[') return readArray(cursor, depth)
  if (first === '"' || first === "'") return readString(cursor, first)
  return readWord(cursor)
}

function readObject(cursor: Cursor, depth: number): unknown {
  const object: Record<string, unknown> = Object.create(null)
  cursor.at += 1
  while (!cursor.ended) {
    skipBlanks(cursor)
    const quote = cursor.text.charAt(cursor.at)
    if (quote === '}') {
      cursor.at += 1
      break
    }
    if (quote !== '"' && quote !== "'") return end(cursor, object)
    const name = readString(cursor, quote)
    skipBlanks(cursor)
    if (cursor.ended || cursor.text.charAt(cursor.at) !== ':') return end(cursor, object)
    cursor.at += 1
    const value = readValue(cursor, depth + 1)
    if (value !== undefined) object[name] = value
    skipComma(cursor)
  }
  return object
}

function readArray(cursor: Cursor, depth: number): unknown {
  const array: unknown[] = []
  cursor.at += 1
  while (!cursor.ended) {
    skipBlanks(cursor)
    if (cursor.text.charAt(cursor.at) === ']') {
      cursor.at += 1
      break
    }
    const value = readValue(cursor, depth + 1)
    if (value !== undefined) array.push(value)
    skipComma(cursor)
  }
  return array
}

function readString(cursor: Cursor, quote: string): string {
  const { text } = cursor
  let value = ''
  let start = cursor.at + 1
  for (let at = start; at < text.length; at++) {
    const character = text.charAt(at)
    if (character === quote) {
      cursor.at = at + 1
      return value + text.slice(start, at)
    }
    if (character !== '\\') continue
    value += text.slice(start, at)
    const escaped = text.charAt(at + 1)
    const length = escaped === 'u' ? 6 : 2
    start = at + length
    if (start > text.length) break
    value += escaped === 'u' ? codeUnit(text.slice(at + 2, start)) : (escapes.get(escaped) ?? escaped)
    at = start - 1
  }
  end(cursor)
  return value + text.slice(start)
}

function codeUnit(hex: string): string {
  return /^[0-9a-fA-F]{4}$/.test(hex) ? String.fromCharCode(Number.parseInt(hex, 16)) : ''
}

function readWord(cursor: Cursor): unknown {
  const pattern = /[A-Za-z0-9+.-]{1,40}/y
  pattern.lastIndex = cursor.at
  const word = pattern.exec(cursor.text)?.[0]
  if (word === undefined) return end(cursor)
  cursor.at += word.length
  if (words.has(word)) return words.get(word)
  const number = Number(word)
  // A number that the text ends in may have lost digits.
  return Number.isFinite(number) && cursor.at < cursor.text.length ? number : end(cursor)
}

function skipComma(cursor: Cursor): void {
  skipBlanks(cursor)
  const character = cursor.text.charAt(cursor.at)
  if (character === ',') cursor.at += 1
  else if (character !== '}' && character !== ']') cursor.ended = true
}

function skipBlanks(cursor: Cursor): void {
  while (cursor.at < cursor.text.length && cursor.text.charCodeAt(cursor.at) <= 32) cursor.at += 1
}

function end<T>(cursor: Cursor, value?: T): T | undefined {
  cursor.ended = true
  return value
}
