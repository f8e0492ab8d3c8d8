import { setTimeout as sleep } from 'node:timers/promises'
import { idKey } from '../deduplication/recent-events.ts'
import type { DeliveryStore, InsertResult } from '../delivery/store-port.ts'
import type { Batch } from '../event/batch.ts'
import { uuidBytes, uuidText } from '../event/row-binary.ts'
import { type EncodedRow, eventIdOf, tables } from '../event/tables.ts'
import { clickHouseCode } from './clickhouse-code.ts'
import type { StoreClients } from './client.ts'
import { syncReplicas } from './cluster.ts'
import { type InsertBatch, insertQueryPrefix } from './insert-batch.ts'
import { readRows } from './read-rows.ts'
import { repairRollups } from './rollups.ts'

/** Error numbers of ClickHouse (src/Common/ErrorCodes.cpp) that speak of the rows themselves. */
const refusals = new Set([
  '6',
  '26',
  '27',
  '33',
  '38',
  '41',
  '53',
  '69',
  '70',
  '72',
  '117',
  '128',
  '131',
  '349',
  '469',
  '691',
])
/** Those that come before a row is read: user, database, table or column is not there, too many at once. */
const notStarted = new Set(['16', '36', '47', '60', '62', '81', '192', '193', '194', '202', '497', '516'])
const unreachable = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'])

/** Ids in one look-up; ClickHouse parses at most 256 KiB of statement by default. */
const idsPerQuery = 5000

/** Delivery's view of the store over its clients. */
export function createDeliveryStore(clients: StoreClients, insertBatch: InsertBatch): DeliveryStore {
  async function ids(sql: string): Promise<Set<string>> {
    const rows = await readRows<[string]>(clients.writer, sql)
    return new Set(rows.map(([id]) => idKey(uuidBytes(id))))
  }

  return {
    async insert(batch, token): Promise<InsertResult> {
      try {
        await insertBatch(batch, token)
        return { status: 'stored' }
      } catch (error) {
        return insertFailure(error)
      }
    },
    async waitUntilDead(batch) {
      // The embedded engine has ended an insert when its promise has, but not always written it.
      if (clients.kind === 'server') await killInsert(clients, batch)
      else await clients.writes.mend()
    },
    async storedOf(batch) {
      await syncReplicas(clients.writer, clients.cluster, [batch.table])
      return ids(`SELECT DISTINCT event_id FROM ${batch.table} WHERE batch_id = '${batch.id}'
        AND created_at >= ${timeLiteral(batch.minCreatedAtMs)} AND created_at <= ${timeLiteral(batch.maxCreatedAtMs)}`)
    },
    async findStored(rows) {
      const found = new Set<string>()
      for (const [tableId, table] of tables) {
        const ofTable = rows.filter((row) => row.tableId === tableId)
        for (let start = 0; start < ofTable.length; start += idsPerQuery) {
          const part = ofTable.slice(start, start + idsPerQuery)
          for (const id of await ids(lookUp(table.name, part))) found.add(id)
        }
      }
      return found
    },
    repairRollups: (batch) => repairRollups(clients, batch),
  }
}

/** The time bounds let the primary key skip what cannot hold them; the same event always has the same time. */
function lookUp(table: string, rows: readonly EncodedRow[]): string {
  let minMs = Number.POSITIVE_INFINITY
  let maxMs = Number.NEGATIVE_INFINITY
  for (const row of rows) {
    minMs = Math.min(minMs, row.createdAtMs)
    maxMs = Math.max(maxMs, row.createdAtMs)
  }
  const list = rows.map((row) => `'${uuidText(eventIdOf(row))}'`).join(',')
  return `SELECT DISTINCT event_id FROM ${table}
    WHERE created_at >= ${timeLiteral(minMs)} AND created_at <= ${timeLiteral(maxMs)} AND event_id IN (${list})`
}

function timeLiteral(ms: number): string {
  return `fromUnixTimestamp64Milli(${Math.trunc(ms)}, 'UTC')`
}

function insertFailure(error: unknown): InsertResult {
  const reason = error instanceof Error ? error.message : String(error)
  const storeCode = clickHouseCode(error)
  if (storeCode !== undefined) {
    if (refusals.has(storeCode)) return { status: 'refused', reason }
    if (notStarted.has(storeCode)) return { status: 'not_stored', reason }
    return { status: 'unknown', reason }
  }
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  return { status: code !== undefined && unreachable.has(code) ? 'not_stored' : 'unknown', reason }
}

const killAttempts = 60

async function killInsert(clients: StoreClients, batch: Batch): Promise<void> {
  // The shards of a cluster run their part of an insert under ids of their own.
  const condition = `startsWith(initial_query_id, '${insertQueryPrefix(batch)}')`
  const { cluster } = clients
  const processes = cluster ? `clusterAllReplicas('${cluster.name}', system.processes)` : 'system.processes'
  const onCluster = cluster ? `ON CLUSTER '${cluster.name}' ` : ''
  for (let attempt = 0; attempt < killAttempts; attempt++) {
    const [row] = await readRows<[string | number]>(
      clients.writer,
      `SELECT count() FROM ${processes} WHERE ${condition}`,
    )
    if (Number(row?.[0] ?? 0) === 0) return
    // A user without the right to kill waits for the insert to end by itself.
    await clients.writer.command({ query: `KILL QUERY ${onCluster}WHERE ${condition} ASYNC` }).catch(() => {})
    await sleep(500)
  }
  throw new Error('an earlier insert of the batch is still running')
}
