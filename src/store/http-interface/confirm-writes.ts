import { type ClickHouseClient, createClient } from '@clickhouse/client'
import type { EmbeddedEngine } from '../embedded-engine.ts'
import { createEngineWrites } from '../engine-writes.ts'
import { watchWrites } from '../watch-writes.ts'

export interface ConfirmedWrites {
  /** After a statement that may have written: mends the store if a write failed. @throws OpsError `store_unavailable` then. */
  confirm(): Promise<void>
  stop(): Promise<void>
}

/**
 * Keeps an engine that is written to through the HTTP interface alone from answering what it did not write.
 * @param directory of the engine's data.
 * @param report told of each mending.
 */
export async function confirmWrites(
  engine: EmbeddedEngine,
  database: string,
  directory: string,
  report: (text: string) => void,
): Promise<ConfirmedWrites> {
  const client: ClickHouseClient = createClient({ connection: engine.createConnection() as never })
  await client.command({ query: `USE ${database}` })
  const writes = await createEngineWrites(client, directory, (parts) =>
    report(`writes of the engine failed; broken parts were set aside: ${parts.join(', ') || 'none'}`),
  )
  const watched = watchWrites(writes)
  return {
    async confirm() {
      try {
        await writes.confirm()
      } catch (error) {
        await writes.mend()
        throw error
      }
    },
    async stop() {
      await watched.stop()
      await client.close()
    },
  }
}
