import { quote } from '../quote.ts'
import { sqlTokens } from './sql-tokens.ts'

/**
 * The engine gives every statement an id of its own and takes none. So a statement carries the client's id in a
 * comment in front of it, and what reads `system.processes` or kills by id is shown that one.
 */
export function markQuery(sql: string, queryId: string): string {
  return `${markOf(queryId)} ${sql}`
}

export function killStatement(queryId: string): string {
  return `KILL QUERY WHERE startsWith(query, ${quote(markOf(queryId))}) ASYNC`
}

/** Escaped so that no id can end the comment. */
function markOf(queryId: string): string {
  return `/* query_id=${encodeURIComponent(queryId).replaceAll('*', '%2A')} */`
}

const pattern = quote('^/\\* query_id=([^ ]*) \\*/ ')
const clientQueryId = `if(match(query, ${pattern}), decodeURLComponent(extract(query, ${pattern})), query_id)`
const processes = `(SELECT * REPLACE (${clientQueryId} AS query_id, ${clientQueryId} AS initial_query_id,
  replaceRegexpOne(query, ${pattern}, '') AS query) FROM system.processes)`

/** The statement with `query_id` of running queries as their clients named them. */
export function showClientQueryIds(sql: string): string {
  const tokens = [...sqlTokens(sql)]
  const isWord = (index: number, word: string) =>
    tokens[index]?.kind === 'word' && tokens[index].text.toLowerCase() === word
  const isKill = isWord(0, 'kill') && isWord(1, 'query')
  let shown = ''
  let copied = 0
  for (const [index, token] of tokens.entries()) {
    const last = tokens[index + 2]
    if (
      isWord(index, 'system') &&
      tokens[index + 1]?.text === '.' &&
      isWord(index + 2, 'processes') &&
      last
    ) {
      shown += sql.slice(copied, token.start) + processes
      copied = last.end
    } else if (isKill && (isWord(index, 'query_id') || isWord(index, 'initial_query_id'))) {
      shown += sql.slice(copied, token.start) + clientQueryId
      copied = token.end
    }
  }
  return shown + sql.slice(copied)
}
