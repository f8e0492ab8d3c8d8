import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Session } from 'chdb'
import type { EmbeddedEngine } from '../embedded-engine.ts'
import { quote } from '../quote.ts'
import { writeBlocks } from './compressed-blocks.ts'
import { InterfaceError } from './exception.ts'
import { addRevision } from './native-revision.ts'
import { type InsertStatement, type PlainStatement, parseStatement } from './parse-statement.ts'
import { killStatement, markQuery, showClientQueryIds } from './query-id.ts'
import type { AcquireSlot } from './query-slots.ts'
import { brokenBody, decodeBody, readBody } from './request-body.ts'
import type { RequestOptions } from './request-options.ts'
import { canStream } from './result-format.ts'
import { type EngineAnswer, prepareSession, type ReadOnly, runStatement } from './run-statement.ts'
import { writeAnswer } from './write-answer.ts'

export interface AnswerSettings {
  readonly engine: EmbeddedEngine
  readonly database: string
  readonly writable: boolean
  readonly confirmWrites?: () => Promise<void>
  readonly maxBodyBytes: number
  /** Settings of every statement, unless the request names others. */
  readonly defaultSettings: readonly (readonly [name: string, value: string])[]
  /** Where the data of inserts waits for the engine, which reads binary formats from files alone. */
  readonly scratchDirectory: string
  readonly acquireSlot: AcquireSlot
  readonly runningIds: Set<string>
}

/**
 * Runs the request's one statement and writes its answer.
 * @throws InterfaceError and the engine's errors, as long as nothing was sent.
 */
export async function answerRequest(
  request: IncomingMessage,
  response: ServerResponse,
  options: RequestOptions,
  settings: AnswerSettings,
): Promise<void> {
  const release = await settings.acquireSlot()
  try {
    await withQueryId(options.queryId, settings.runningIds, async () => {
      const { statement, data } = await readStatement(
        decodeBody(request, settings.maxBodyBytes, options.decompress),
        options,
      )
      const session = settings.engine.openSession()
      try {
        await prepareSession(session, options, settings, readOnlyOf(request, options, settings))
        if (statement.kind === 'insert')
          await answerInsert(session, statement, data, response, options, settings)
        else await answerPlain(session, statement, response, options, settings)
      } finally {
        session.close()
      }
    })
  } finally {
    release()
  }
}

async function withQueryId(id: string, running: Set<string>, work: () => Promise<void>): Promise<void> {
  if (running.has(id))
    throw new InterfaceError(
      'QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING',
      `Query with id = ${id} is already running.`,
    )
  running.add(id)
  try {
    await work()
  } finally {
    running.delete(id)
  }
}

/** As ClickHouse does, GET only reads; the client's own `readonly` counts when it is stricter. */
function readOnlyOf(request: IncomingMessage, options: RequestOptions, settings: AnswerSettings): ReadOnly {
  if (!settings.writable) return 1
  const asked = Number(options.settings.findLast(([name]) => name === 'readonly')?.[1] ?? 0)
  if (asked === 1) return 1
  return request.method === 'GET' || asked === 2 ? 2 : 0
}

interface Read {
  readonly statement: PlainStatement | InsertStatement
  /** Of an INSERT. */
  readonly data: Readable
}

/** A statement in the URL may have data, or its own rest, in the body. SQL is read as bytes, since data may follow it. */
async function readStatement(body: Readable, { query }: RequestOptions): Promise<Read> {
  if (query !== undefined) {
    const statement = parseStatement(query)
    if (statement.kind === 'insert') {
      const inline = Buffer.from(query.slice(statement.dataStart))
      return { statement, data: inline.length > 0 ? Readable.from(concat(inline, body)) : body }
    }
    const rest = (await readBody(body)).toString()
    return { statement: rest === '' ? statement : parsePlain(`${query}\n${rest}`), data: Readable.from([]) }
  }
  const bytes = await readBody(body)
  const statement = parseStatement(bytes.toString('latin1'))
  if (statement.kind === 'plain') return { statement: parsePlain(bytes.toString()), data: Readable.from([]) }
  const head = parseStatement(bytes.toString('utf8', 0, statement.dataStart))
  if (head.kind !== 'insert') throw new InterfaceError('SYNTAX_ERROR', 'Syntax error in INSERT.')
  return { statement: head, data: Readable.from([bytes.subarray(statement.dataStart)]) }
}

function parsePlain(sql: string): PlainStatement {
  const statement = parseStatement(sql)
  if (statement.kind === 'plain') return statement
  throw new InterfaceError('SYNTAX_ERROR', 'Syntax error: an INSERT cannot go on in the body.')
}

async function* concat(first: Buffer, rest: Readable): AsyncGenerator<Buffer> {
  yield first
  yield* rest
}

async function answerPlain(
  session: Session,
  statement: PlainStatement,
  response: ServerResponse,
  options: RequestOptions,
  { engine, confirmWrites }: AnswerSettings,
): Promise<void> {
  const format = statement.format ?? options.defaultFormat ?? 'TabSeparated'
  const streamed =
    statement.streamable && canStream(format) && !options.waitEndOfQuery && !hasExtremes(options)
  const sql = markQuery(showClientQueryIds(statement.sql), options.queryId)
  // Nobody waits for the answer of a query whose client has gone; a statement that changes something goes on.
  const onClose = () => statement.streamable && !response.writableEnded && killQuery(engine, options.queryId)
  response.once('close', onClose)
  try {
    const answer = await runStatement(session, sql, format, streamed)
    if (!statement.streamable) await confirmWrites?.()
    const chunks = encode(answer.chunks, format, options)
    const acceptEncoding = options.compress ? '' : options.acceptEncoding
    await writeAnswer(response, { ...answer, chunks }, { queryId: options.queryId, acceptEncoding, format })
  } finally {
    response.off('close', onClose)
  }
}

function encode(
  chunks: AsyncIterable<Uint8Array>,
  format: string,
  { nativeRevision, compress }: RequestOptions,
): AsyncIterable<Uint8Array> {
  const rows = format === 'Native' && nativeRevision > 0 ? addRevision(chunks, nativeRevision) : chunks
  return compress ? writeBlocks(rows) : rows
}

function hasExtremes({ settings }: RequestOptions): boolean {
  return settings.some(([name, value]) => name === 'extremes' && value !== '0')
}

/** Asks the engine to end a query; when it cannot, the query's own time limit ends it. */
export function killQuery(engine: EmbeddedEngine, queryId: string): void {
  const session = engine.openSession()
  session
    .queryAsync(killStatement(queryId))
    .catch(() => {})
    .finally(() => session.close())
}

async function answerInsert(
  session: Session,
  statement: InsertStatement,
  data: Readable,
  response: ServerResponse,
  options: RequestOptions,
  { scratchDirectory, confirmWrites }: AnswerSettings,
): Promise<void> {
  const format = statement.format ?? options.defaultFormat ?? 'Values'
  if (!/^\w+$/.test(format)) throw new InterfaceError('SYNTAX_ERROR', `Unknown format ${format}.`)
  const path = join(scratchDirectory, randomUUID())
  try {
    await pipeline(data, createWriteStream(path, { flags: 'wx' })).catch((error: unknown) => {
      throw error instanceof InterfaceError ? error : brokenBody(error)
    })
    const sql = markQuery(statement.readFrom(quote(path), format), options.queryId)
    const answer: EngineAnswer = await runStatement(session, sql, format, false)
    await confirmWrites?.()
    await writeAnswer(response, answer, { ...options, format })
  } finally {
    await rm(path, { force: true })
  }
}
