import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import type { ClickHouseClient } from '@clickhouse/client'

const caches = [
  'MARK CACHE',
  'INDEX MARK CACHE',
  'UNCOMPRESSED CACHE',
  'INDEX UNCOMPRESSED CACHE',
  'PRIMARY INDEX CACHE',
  'QUERY CONDITION CACHE',
  'TEXT INDEX CACHES',
]

/** Forgets what ClickHouse and the kernel keep in memory of the tables. @throws Error unless it runs as root. */
export async function dropCaches(client: ClickHouseClient): Promise<void> {
  for (const cache of caches) await client.command({ query: `SYSTEM DROP ${cache}` })
  execFileSync('sync')
  writeFileSync('/proc/sys/vm/drop_caches', '3')
}
