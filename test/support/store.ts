import { join } from 'node:path'
import type { DeliveryStore } from '../../src/delivery/store-port.ts'
import { openStoreClients, type StoreClients } from '../../src/store/client.ts'
import { createDeliveryStore } from '../../src/store/delivery-store.ts'
import { createInsertBatch } from '../../src/store/insert-batch.ts'
import { migrate, readMigrations } from '../../src/store/migrate.ts'
import { temporaryDirectory, testConfig } from './sidecar.ts'

const migrationsDirectory = new URL('../../clickhouse', import.meta.url).pathname

export interface EmptyStore {
  readonly clients: StoreClients
  readonly directory: string
  rows<Row>(query: string): Promise<Row[]>
  close(): Promise<void>
}

export interface TestStore extends EmptyStore {
  readonly delivery: DeliveryStore
}

/** The embedded engine without tables, in a directory of its own. */
export async function openEmptyStore(): Promise<EmptyStore> {
  const directory = await temporaryDirectory()
  const clients = await openStoreClients(testConfig(directory.path))
  return {
    clients,
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

/** The same with the tables. */
export async function openTestStore(): Promise<TestStore> {
  const store = await openEmptyStore()
  const { clients, directory } = store
  await migrate(clients.writer, readMigrations(migrationsDirectory))
  const insertBatch = await createInsertBatch(clients, join(directory, 'insert'))
  return { ...store, delivery: createDeliveryStore(clients, insertBatch) }
}
