/**
 * `node read-store.ts [statement ...]`: runs the statements, then writes what the store of the OPS_ settings holds to standard output: the
 * request id of every row of the raw table, a line each, and a last line of JSON. A process of its own, because the embedded
 * engine binds one directory per process. The sidecar must be stopped.
 */
import { loadConfig } from '../../../src/config.ts'
import { openStoreClients } from '../../../src/store/client.ts'
import { differenceSql, rollups } from '../../../src/store/rollups.ts'
import type { EventTally } from './event-tally.ts'

export interface StoreContents extends StoreSums {
  readonly stored: EventTally
}

/** The last line. */
export interface StoreSums {
  readonly distinctEventIds: number
  readonly rollups: readonly {
    readonly name: string
    readonly events: number
    readonly differences: number
  }[]
}

const farFutureSeconds = 4_000_000_000
/** Read at once, as the embedded engine holds a whole answer in memory. */
const pieceRows = 200_000

const clients = await openStoreClients(loadConfig(process.env))
async function rows<Row>(query: string): Promise<Row[]> {
  return (await clients.writer.query({ query, format: 'JSONCompactEachRow' })).json<Row>()
}
for (const statement of process.argv.slice(2)) await clients.writer.command({ query: statement })
const table = 'ops_upstream_error_events'
const [count] = await rows<[string]>(`SELECT count() FROM ${table}`)
const pieces = Math.ceil(Number(count?.[0]) / pieceRows)
let distinctEventIds = 0
for (let piece = 0; piece < pieces; piece++) {
  // By the event's id, so that no event is in two pieces.
  const where = `WHERE cityHash64(event_id) % ${pieces} = ${piece}`
  const ids = await rows<[string]>(`SELECT request_id FROM ${table} ${where}`)
  process.stdout.write(ids.map(([id]) => `${id}\n`).join(''))
  const [distinct] = await rows<[string]>(`SELECT uniqExact(event_id) FROM ${table} ${where}`)
  distinctEventIds += Number(distinct?.[0])
}
const sums: StoreSums['rollups'][number][] = []
for (const rollup of rollups) {
  const [sum] = await rows<[string]>(
    `SELECT sum(events) FROM ${rollup.table} WHERE rollup_name = '${rollup.name}'`,
  )
  const [different] = await rows<[string]>(
    `SELECT count() FROM (${differenceSql(rollup, 0, farFutureSeconds)})`,
  )
  sums.push({ name: rollup.name, events: Number(sum?.[0]), differences: Number(different?.[0]) })
}
process.stdout.write(`${JSON.stringify({ distinctEventIds, rollups: sums } satisfies StoreSums)}\n`)
await clients.close()
