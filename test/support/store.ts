import { join } from 'node:path'
import type { DeliveryStore } from '../../src/delivery/store-port.ts'
import { openStoreClients, type StoreClients } from '../../src/store/client.ts'
import { createDeliveryStore } from '../../src/store/delivery-store.ts'
import { createInsertBatch } from '../../src/store/insert-batch.ts'
import { migrate, readMigrations } from '../../src/store/migrate.ts'
import { temporaryDirectory, testConfig } from './sidecar.ts'

const migrationsDirectory = new URL('../../clickhouse', import.meta.url).pathname

export interface TestStore {
  readonly clients: StoreClients
  readonly delivery: DeliveryStore
  readonly directory: string
  rows<Row>(query: string): Promise<Row[]>
  close(): Promise<void>
}

/** The embedded engine with the tables, in a directory of its own. */
export async function openTestStore(): Promise<TestStore> {
  const directory = await temporaryDirectory()
  const clients = await openStoreClients(testConfig(directory.path))
  await migrate(clients.writer, readMigrations(migrationsDirectory))
  const delivery = createDeliveryStore(
    clients,
    await createInsertBatch(clients, join(directory.path, 'insert')),
  )
  return {
    clients,
    delivery,
    directory: directory.path,
    async rows(query) {
      return (await clients.writer.query({ query, format: 'JSONEachRow' })).json()
    },
    async close() {
      await clients.close()
      await directory.remove()
    },
  }
}
