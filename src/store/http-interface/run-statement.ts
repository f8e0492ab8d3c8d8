import type { Session } from 'chdb'
import { quote } from '../quote.ts'
import type { RequestOptions } from './request-options.ts'

export interface EngineAnswer {
  readonly chunks: AsyncIterable<Uint8Array>
  /** Known once an answer from memory is complete. */
  readonly summary?: { readonly resultRows: number; readonly elapsedSeconds: number }
}

/** ClickHouse's `readonly`: 0 = everything, 1 = reading only, 2 = reading and settings. */
export type ReadOnly = 0 | 1 | 2

/**
 * Gives a fresh connection its database, settings, parameters and, last, `readonly`, which nothing after it can take
 * back. Values stand in SQL as quoted text, which the engine reads by the type of the setting or parameter.
 */
export async function prepareSession(
  session: Session,
  options: Pick<RequestOptions, 'database' | 'settings' | 'params'>,
  defaults: { readonly database: string; readonly defaultSettings: RequestOptions['settings'] },
  readOnly: ReadOnly,
): Promise<void> {
  const changes = [
    ...[...defaults.defaultSettings, ...options.settings.filter(([name]) => name !== 'readonly')].map(
      ([name, value]) => `${name} = ${quote(value)}`,
    ),
    ...options.params.map(([name, value]) => `param_${name} = ${quote(value)}`),
  ]
  const statements = [
    `USE ${quoteName(options.database ?? defaults.database)}`,
    ...(changes.length > 0 ? [`SET ${changes.join(', ')}`] : []),
    ...(readOnly > 0 ? [`SET readonly = ${readOnly}`] : []),
  ]
  await session.queryAsync(statements.join('; '))
}

function quoteName(name: string): string {
  return `\`${name.replace(/[\\`]/g, '\\$&')}\``
}

/** @param streamed the rows come block by block; else the whole answer comes from memory, or none does. */
export async function runStatement(
  session: Session,
  sql: string,
  format: string,
  streamed: boolean,
): Promise<EngineAnswer> {
  if (streamed) return { chunks: rawChunks(session.queryStream(sql, { format })) }
  const result = await session.queryAsync(sql, { format })
  const bytes = result.bytes()
  return {
    chunks: (async function* () {
      if (bytes.length > 0) yield bytes
    })(),
    // chdb calls it rowsRead, but it counts the rows of the answer.
    summary: { resultRows: result.rowsRead, elapsedSeconds: result.elapsed },
  }
}

async function* rawChunks(stream: ReturnType<Session['queryStream']>): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) yield chunk.raw()
}
