import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { InterfaceError } from './exception.ts'

/** What a request says beside its statement. */
export interface RequestOptions {
  /** The statement, when it stands in the URL; the body is then data. */
  readonly query: string | undefined
  readonly queryId: string
  readonly database: string | undefined
  readonly defaultFormat: string | undefined
  /** Settings of the engine, in order. */
  readonly settings: readonly (readonly [name: string, value: string])[]
  /** Parameters of the statement, by name, as ClickHouse's Escaped text. */
  readonly params: readonly (readonly [name: string, value: string])[]
  /** The answer, or the body, in ClickHouse's own compressed blocks. */
  readonly compress: boolean
  readonly decompress: boolean
  /** The answer begins when the statement has ended, so that its status tells how. */
  readonly waitEndOfQuery: boolean
  /** Revision of Native that the client reads; 0 = the one without a revision. */
  readonly nativeRevision: number
  /** The codings of HTTP that the answer may have, best first. */
  readonly acceptEncoding: string
}

/** Parameters of the URL that are no settings and that one machine with one user has no use for. */
const ignored = new Set(['user', 'password', 'quota_key', 'stacktrace', 'buffer_size', 'close_session'])
const notSupported = new Set(['session_id', 'session_check', 'session_timeout', 'role'])
const placeholder = /^param_(\w+)$/
const settingName = /^[A-Za-z_]\w*$/

/**
 * Reads the parameters and headers of ClickHouse's HTTP interface.
 * @throws InterfaceError for what the embedded engine cannot do, and for names that are no settings.
 */
export function readOptions(url: URL, headers: IncomingHttpHeaders): RequestOptions {
  const settings: [string, string][] = []
  const params: [string, string][] = []
  for (const [name, value] of url.searchParams) {
    const param = placeholder.exec(name)?.[1]
    if (param !== undefined) params.push([param, value])
    else if (notSupported.has(name))
      throw new InterfaceError(
        'NOT_IMPLEMENTED',
        `${name} is not supported: every request stands for itself.`,
      )
    else if (handled.has(name) || ignored.has(name)) continue
    else if (settingName.test(name)) settings.push([name, value])
    else throw new InterfaceError('BAD_ARGUMENTS', `Invalid parameter name ${JSON.stringify(name)}.`)
  }
  const text = (name: string, header?: string): string | undefined => {
    const given = url.searchParams.get(name) ?? (header === undefined ? undefined : headers[header])
    return typeof given === 'string' && given !== '' ? given : undefined
  }
  const flag = (name: string): boolean => ['1', 'true'].includes(text(name) ?? '')
  return {
    query: text('query'),
    queryId: text('query_id') ?? randomUUID(),
    database: text('database', 'x-clickhouse-database'),
    defaultFormat: text('default_format', 'x-clickhouse-format'),
    settings,
    params,
    compress: flag('compress'),
    decompress: flag('decompress'),
    waitEndOfQuery: flag('wait_end_of_query'),
    nativeRevision: Number(text('client_protocol_version') ?? 0),
    acceptEncoding: flag('enable_http_compression') ? (headers['accept-encoding'] ?? '') : '',
  }
}

const handled = new Set([
  'query',
  'query_id',
  'database',
  'default_format',
  'compress',
  'decompress',
  'wait_end_of_query',
  'client_protocol_version',
  'enable_http_compression',
])
