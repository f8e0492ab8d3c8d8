import { InterfaceError } from './exception.ts'
import { type SqlToken, sqlTokens } from './sql-tokens.ts'

/** A statement whose answer, if any, is what the client gets. */
export interface PlainStatement {
  readonly kind: 'plain'
  readonly sql: string
  /** Whether its answer can be read block by block: a SELECT without totals, which stand behind the rows. */
  readonly streamable: boolean
  /** Of its FORMAT clause. */
  readonly format: string | undefined
}

/** An INSERT with data, which stands behind it in the text, in the request's body, or in both, one after the other. */
export interface InsertStatement {
  readonly kind: 'insert'
  /** Of its FORMAT clause, or Values. */
  readonly format: string | undefined
  /** Where its data begins in the text. */
  readonly dataStart: number
  /** The statement that reads the data from a file. */
  readFrom(quotedPath: string, format: string): string
}

export type Statement = PlainStatement | InsertStatement

/**
 * Reads as much of a statement as the interface must know: whether data belongs to it, and which format it asks for.
 * @param sql one statement, which may end with a semicolon.
 * @throws InterfaceError for more than one statement, and for what would read or write files of this machine: the
 * engine takes INTO OUTFILE and FROM INFILE, which a server leaves to its command line client.
 */
export function parseStatement(sql: string): Statement {
  const reader = createReader(sql)
  const opening = reader.peek()
  const first = keyword(opening)
  if (first === 'INSERT') return parseInsert(sql, reader)
  const { format, end, hasTotals } = readClauses(reader)
  const isSelect = first === 'SELECT' || first === 'WITH' || opening?.text === '('
  return { kind: 'plain', sql: sql.slice(0, end), streamable: isSelect && !hasTotals, format }
}

/** INSERT INTO [TABLE] [FUNCTION] target [(columns)] [SETTINGS …] VALUES … | FORMAT name … | SELECT … */
function parseInsert(sql: string, reader: Reader): Statement {
  reader.next()
  if (keyword(reader.peek()) === 'INTO') reader.next()
  if (keyword(reader.peek()) === 'TABLE') reader.next()
  if (keyword(reader.peek()) === 'FUNCTION') reader.next()
  let targetEnd = reader.next()?.end ?? sql.length
  while (reader.peek()?.text === '.') {
    reader.next()
    targetEnd = reader.next()?.end ?? sql.length
  }
  let settings: { start: number; end: number } | undefined
  for (let token = reader.next(); token; token = reader.next()) {
    const word = reader.depth === 0 ? keyword(token) : undefined
    if (word === 'SELECT' || word === 'WITH' || (reader.depth === 1 && keyword(token) === 'SELECT'))
      return parseInsertSelect(sql, reader)
    if (word === 'FROM' || word === 'COMPRESSION') throw noFiles()
    if (word === 'SETTINGS') settings = { start: token.start, end: sql.length }
    else if (word === 'VALUES') return insertWithData(token.start, 'Values', token.end)
    else if (word === 'FORMAT') {
      const name = reader.next()
      return insertWithData(token.start, name?.text, afterFormat(sql, name?.end ?? sql.length))
    } else if (token.text === ';' && reader.depth === 0)
      return insertWithData(token.start, undefined, sql.length)
    else if (settings === undefined) targetEnd = token.end
  }
  return insertWithData(sql.length, undefined, sql.length)

  function insertWithData(
    clauseStart: number,
    format: string | undefined,
    dataStart: number,
  ): InsertStatement {
    const target = sql.slice(0, targetEnd)
    const clause = settings ? ` ${sql.slice(settings.start, clauseStart)}` : ''
    return {
      kind: 'insert',
      format,
      dataStart,
      readFrom: (path, name) => `${target} FROM INFILE ${path} COMPRESSION 'none'${clause} FORMAT ${name}`,
    }
  }
}

/** `INSERT … SELECT … FROM input('structure') FORMAT name` has data too; without `input` it is a plain statement. */
function parseInsertSelect(sql: string, reader: Reader): Statement {
  let input: SqlToken | undefined
  for (let token = reader.next(); token; token = reader.next()) {
    refuseFiles(token, reader)
    if (keyword(token) === 'INPUT' && reader.peek()?.text === '(') input = token
    if (reader.depth === 0 && keyword(token) === 'FORMAT' && input !== undefined) {
      const name = reader.next()
      const [before, after] = [sql.slice(0, input.start), sql.slice(input.end, token.start)]
      return {
        kind: 'insert',
        format: name?.text,
        dataStart: afterFormat(sql, name?.end ?? sql.length),
        readFrom: (path, format) => `${before}file(${path}, '${format}', ${after.replace(/^\s*\(/, '')}`,
      }
    }
    if (token.text === ';') refuseMore(reader)
  }
  return { kind: 'plain', sql, streamable: false, format: undefined }
}

/** Where data begins: after blanks and one end of line, so that binary data is not touched. */
function afterFormat(sql: string, end: number): number {
  const blank = /[ \t\f]*\r?\n?/y
  blank.lastIndex = end
  blank.test(sql)
  return blank.lastIndex
}

/** The FORMAT clause, and the end of the statement without a closing semicolon. */
function readClauses(reader: Reader): { format: string | undefined; end: number; hasTotals: boolean } {
  let format: string | undefined
  let hasTotals = false
  let end = 0
  for (let token = reader.next(); token; token = reader.next()) {
    refuseFiles(token, reader)
    if (token.text === ';' && token.kind === 'symbol') {
      refuseMore(reader)
      return { format, end, hasTotals }
    }
    if (reader.depth === 0 && keyword(token) === 'FORMAT' && reader.peek()?.kind === 'word')
      format = reader.peek()?.text
    if (keyword(token) === 'TOTALS') hasTotals = true
    end = token.end
  }
  return { format, end, hasTotals }
}

function refuseFiles(token: SqlToken, reader: Reader): void {
  const next = keyword(reader.peek())
  if (keyword(token) === 'INTO' && next === 'OUTFILE') throw noFiles()
  if (keyword(token) === 'FROM' && next === 'INFILE') throw noFiles()
}

function noFiles(): InterfaceError {
  return new InterfaceError('NOT_IMPLEMENTED', 'INTO OUTFILE and FROM INFILE are not allowed over HTTP.')
}

function refuseMore(reader: Reader): void {
  const rest = reader.next()
  if (rest && rest.text !== ';')
    throw new InterfaceError('SYNTAX_ERROR', 'Syntax error (Multi-statements are not allowed).')
}

function keyword(token: SqlToken | undefined): string | undefined {
  return token?.kind === 'word' ? token.text.toUpperCase() : undefined
}

interface Reader {
  next(): SqlToken | undefined
  peek(): SqlToken | undefined
  /** Brackets that are open after the token that `next` gave. */
  readonly depth: number
}

function createReader(sql: string): Reader {
  const tokens = sqlTokens(sql)
  let ahead: SqlToken | undefined = tokens.next().value ?? undefined
  let depth = 0
  return {
    next() {
      const token = ahead
      if (token?.kind === 'symbol' && '([{'.includes(token.text)) depth++
      if (token?.kind === 'symbol' && ')]}'.includes(token.text)) depth--
      ahead = tokens.next().value ?? undefined
      return token
    },
    peek: () => ahead,
    get depth() {
      return depth
    },
  }
}
