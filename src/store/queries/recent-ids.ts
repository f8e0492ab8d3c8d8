import type { RecentEvents } from '../../deduplication/recent-events.ts'
import { uuidBytes } from '../../event/row-binary.ts'
import { tables } from '../../event/tables.ts'
import type { StoreClients } from '../client.ts'
import { readRows } from '../read-rows.ts'

/**
 * Adds the ids of the newest stored events to the window of recent ones.
 * @returns the horizon: every stored event created after it was added. Unix ms.
 */
export async function loadRecentIds(
  clients: StoreClients,
  recent: RecentEvents,
  fromMs: number,
  maxEvents: number,
): Promise<number> {
  let horizonMs = fromMs
  for (const table of tables.values()) {
    const rows = await readRows<[string, string | number]>(
      clients.writer,
      `SELECT event_id, toUnixTimestamp64Milli(created_at) FROM ${table.name}
        WHERE created_at >= fromUnixTimestamp64Milli(${Math.trunc(fromMs)}) ORDER BY created_at DESC LIMIT ${Math.trunc(maxEvents)}`,
    )
    for (const [id, createdAtMs] of rows)
      recent.add({ bytes: uuidBytes(id), createdAtMs: Number(createdAtMs) })
    const oldest = rows.at(-1)
    if (rows.length === Math.trunc(maxEvents) && oldest) horizonMs = Math.max(horizonMs, Number(oldest[1]))
  }
  return horizonMs
}
