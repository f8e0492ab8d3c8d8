/**
 * `node read-store.ts [statement ...]`: runs the statements, then writes what the store of the OPS_ settings holds, as JSON, to standard
 * output. A process of its own, because the embedded engine binds one directory per process. The sidecar must be stopped.
 */
import { loadConfig } from '../../../src/config.ts'
import { openStoreClients } from '../../../src/store/client.ts'
import { differenceSql, rollups } from '../../../src/store/rollups.ts'

export interface StoreContents {
  /** Of every row of the raw table. */
  readonly requestIds: readonly string[]
  readonly distinctEventIds: number
  readonly rollups: readonly {
    readonly table: string
    readonly events: number
    readonly differences: number
  }[]
}

const farFutureSeconds = 4_000_000_000

const clients = await openStoreClients(loadConfig(process.env))
async function rows<Row>(query: string): Promise<Row[]> {
  return (await clients.writer.query({ query, format: 'JSONCompactEachRow' })).json<Row>()
}
for (const statement of process.argv.slice(2)) await clients.writer.command({ query: statement })
const ids = await rows<[string]>('SELECT request_id FROM ops_upstream_error_events')
const [distinct] = await rows<[string]>('SELECT uniqExact(event_id) FROM ops_upstream_error_events')
const sums: StoreContents['rollups'][number][] = []
for (const rollup of rollups) {
  const [sum] = await rows<[string]>(`SELECT sum(events) FROM ${rollup.table}`)
  const [different] = await rows<[string]>(
    `SELECT count() FROM (${differenceSql(rollup, 0, farFutureSeconds)})`,
  )
  sums.push({ table: rollup.table, events: Number(sum?.[0]), differences: Number(different?.[0]) })
}
const contents: StoreContents = {
  requestIds: ids.map(([id]) => id),
  distinctEventIds: Number(distinct?.[0]),
  rollups: sums,
}
process.stdout.write(JSON.stringify(contents))
await clients.close()
