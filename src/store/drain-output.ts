import { randomUUID } from 'node:crypto'
import type { ClickHouseClient } from '@clickhouse/client'

const attempts = 5

/**
 * Empties what a failed query left in its connection. chdb 3.4 puts the rows that a query had given before it failed
 * (timed out, was killed, ran out of memory) in front of the answer of the connection's next query.
 * @throws Error when the connection still answers with what was not asked.
 */
export async function drainOutput(client: ClickHouseClient): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const mark = randomUUID()
    const answer = await client
      .query({ query: `SELECT '${mark}'`, format: 'TabSeparated' })
      .then((result) => result.text())
      .catch(() => undefined)
    if (answer === `${mark}\n`) return
  }
  throw new Error('a connection of the embedded engine does not answer what it was asked')
}
