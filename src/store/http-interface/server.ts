import { mkdir, rm } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import { OpsError } from '../../errors.ts'
import { createServer } from '../../node-http.ts'
import type { EmbeddedEngine } from '../embedded-engine.ts'
import { type AnswerSettings, answerRequest, killQuery } from './answer-request.ts'
import { authenticate, type Credentials, isFromWebPage } from './authenticate.ts'
import { toException } from './exception.ts'
import { createQuerySlots } from './query-slots.ts'
import { readOptions } from './request-options.ts'
import { writeException } from './write-answer.ts'

export interface HttpInterfaceOptions {
  readonly engine: EmbeddedEngine
  readonly host: string
  /** 0 = any free one. */
  readonly port: number
  readonly credentials: Credentials
  /** Database of requests that name none. */
  readonly database: string
  /** Inserts, DDL and all else; by default clients can only read. */
  readonly writable: boolean
  /** After each statement that may change something; what it throws is answered. */
  readonly confirmWrites?: () => Promise<void>
  readonly scratchDirectory: string
  readonly maxBodyBytes: number
  /** Of one query: a request may ask for other limits. */
  readonly maxExecutionSeconds: number
  readonly maxMemoryBytes: number
  readonly maxRunning: number
  /** How long a statement waits for others at the most. */
  readonly maxWaitMs: number
}

export interface HttpInterface {
  readonly port: number
  /** Takes no more requests, waits for the running ones, ends them when the time is over. Safe to call twice. */
  stop(timeoutMs: number): Promise<void>
}

/**
 * Serves ClickHouse's HTTP interface over the embedded engine, so that what speaks to a ClickHouse server can read the
 * embedded store: https://clickhouse.com/docs/interfaces/http. It is a way in, not a server for production.
 * @throws OpsError `address_in_use`
 */
export async function startHttpInterface(options: HttpInterfaceOptions): Promise<HttpInterface> {
  const scratchDirectory = resolve(options.scratchDirectory)
  await rm(scratchDirectory, { recursive: true, force: true })
  await mkdir(scratchDirectory, { recursive: true })
  const server = await describeEngine(options.engine)
  const settings: AnswerSettings = {
    ...options,
    scratchDirectory,
    defaultSettings: [
      ['max_execution_time', String(options.maxExecutionSeconds)],
      ['max_memory_usage', String(options.maxMemoryBytes)],
    ],
    acquireSlot: createQuerySlots(options.maxRunning, options.maxRunning * 16, options.maxWaitMs),
    runningIds: new Set(),
  }
  const http = createServer((request, response) => {
    response.setHeader('x-clickhouse-server-display-name', server.displayName)
    response.setHeader('x-clickhouse-timezone', server.timezone)
    // A client that hangs up has no use for an error.
    response.on('error', () => {})
    respond(request, response, options, settings).catch((error: unknown) =>
      writeException(response, toException(error)),
    )
  })
  await listen(http, options)
  let stopped: Promise<void> | undefined
  return {
    port: (http.address() as AddressInfo).port,
    stop(timeoutMs) {
      stopped ??= new Promise((done) => {
        const timer = setTimeout(() => {
          for (const id of settings.runningIds) killQuery(options.engine, id)
          http.closeAllConnections()
        }, timeoutMs)
        http.close(() => {
          clearTimeout(timer)
          done()
        })
        http.closeIdleConnections()
      })
      return stopped
    },
  }
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  options: HttpInterfaceOptions,
  settings: AnswerSettings,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://clickhouse')
  if (isFromWebPage(request.headers, options.host)) {
    response.writeHead(403, { 'content-type': 'text/plain' }).end('Not for web pages.\n')
    return
  }
  if (url.pathname === '/ping' || url.pathname === '/replicas_status') return void response.end('Ok.\n')
  if (url.pathname !== '/') return void response.writeHead(404).end('There is no such handle.\n')
  if (request.method !== 'GET' && request.method !== 'POST')
    return void response.writeHead(405, { allow: 'GET, POST' }).end()
  authenticate(request.headers, url, options.credentials)
  if (request.method === 'GET' && !url.searchParams.has('query')) return void response.end('Ok.\n')
  const read = readOptions(url, request.headers)
  try {
    await answerRequest(request, response, read, settings)
  } catch (error) {
    writeException(response, toException(error), read.queryId)
  }
}

async function describeEngine(engine: EmbeddedEngine): Promise<{ displayName: string; timezone: string }> {
  const session = engine.openSession()
  try {
    const answer = await session.queryAsync('SELECT displayName(), timezone()', { format: 'JSONCompact' })
    const [displayName, timezone] = answer.json<{ data: [string, string][] }>().data[0] ?? ['', '']
    return { displayName, timezone }
  } finally {
    session.close()
  }
}

function listen(http: ReturnType<typeof createServer>, { host, port }: HttpInterfaceOptions): Promise<void> {
  return new Promise((done, fail) => {
    http.once('error', (cause) =>
      fail(
        new OpsError(
          'address_in_use',
          `the HTTP interface cannot listen on ${host}:${port}: ${cause.message}`,
          {
            cause,
          },
        ),
      ),
    )
    http.listen(port, host, done)
  })
}
