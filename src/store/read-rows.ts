import type { ClickHouseClient } from '@clickhouse/client'
import { drainOutput } from './drain-output.ts'

/**
 * The rows of a query on one client, each a list of its values, outside of the readers' pool. When it fails, the connection is emptied before
 * anything else is asked of it: what delivery reads back decides what is inserted again.
 */
export async function readRows<Row>(client: ClickHouseClient, query: string): Promise<Row[]> {
  try {
    const result = await client.query({ query, format: 'JSONCompactEachRow' })
    return await result.json<Row>()
  } catch (error) {
    await drainOutput(client).catch(() => {})
    throw error
  }
}
