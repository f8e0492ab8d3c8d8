/** One token of ClickHouse SQL, by place in the text. `word` is a keyword, an unquoted name or a number. */
export interface SqlToken {
  readonly kind: 'word' | 'name' | 'string' | 'symbol'
  readonly text: string
  readonly start: number
  readonly end: number
}

const space = /(?:\s+|--[^\n]*|#[! ][^\n]*|\/\*[\s\S]*?\*\/)+/y
const heredoc = /\$(\w*)\$[\s\S]*?\$\1\$/y
const word = /[\w\u0080-\uffff]+/y

/**
 * The tokens of the text from an offset on, one at a time: what follows an INSERT's format is data and never read.
 * Comments and space are left out. An unclosed quote is a symbol; the engine says what is wrong with it.
 */
export function* sqlTokens(text: string, from = 0): Generator<SqlToken, void> {
  let start = skip(text, from)
  while (start < text.length) {
    const token = readToken(text, start)
    yield token
    start = skip(text, token.end)
  }
}

function skip(text: string, from: number): number {
  return matchEnd(space, text, from) ?? from
}

function readToken(text: string, start: number): SqlToken {
  const token = (kind: SqlToken['kind'], end: number): SqlToken => ({
    kind,
    text: text.slice(start, end),
    start,
    end,
  })
  const first = text.charAt(start)
  if (first === "'" || first === '"' || first === '`') {
    const end = quotedEnd(text, start, first)
    if (end !== undefined) return token(first === "'" ? 'string' : 'name', end)
  }
  const heredocEnd = first === '$' ? matchEnd(heredoc, text, start) : undefined
  if (heredocEnd !== undefined) return token('string', heredocEnd)
  const wordEnd = matchEnd(word, text, start)
  return wordEnd === undefined ? token('symbol', start + 1) : token('word', wordEnd)
}

/** By hand, as a pattern that fails on an unclosed quote would try every way to split it. A doubled quote is one. */
function quotedEnd(text: string, start: number, quote: string): number | undefined {
  for (let index = start + 1; index < text.length; index++) {
    const character = text.charAt(index)
    if (character === '\\') index++
    else if (character === quote) {
      if (text.charAt(index + 1) !== quote) return index + 1
      index++
    }
  }
  return undefined
}

function matchEnd(pattern: RegExp, text: string, from: number): number | undefined {
  pattern.lastIndex = from
  return pattern.test(text) ? pattern.lastIndex : undefined
}
