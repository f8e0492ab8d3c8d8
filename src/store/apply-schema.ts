import { type Retention, retentionStatements } from './apply-retention.ts'
import type { StoreClients } from './client.ts'
import { type Migration, migrate } from './migrate.ts'

/** How much was changed. */
export interface AppliedSchema {
  readonly migrations: number
  readonly retentionChanges: number
}

/**
 * Brings database, tables and their retention up to date. Nothing is changed while the disk has no room, as the embedded
 * engine would write a table's definition short.
 * @throws OpsError `store_unavailable` then, and what `migrate` throws.
 */
export async function applySchema(
  { writer, writes, cluster, createDatabase }: StoreClients,
  migrations: readonly Migration[],
  wanted: Retention,
): Promise<AppliedSchema> {
  await createDatabase()
  const applied = await migrate(writer, migrations, cluster, writes.expectRoom)
  const statements = await retentionStatements(writer, wanted, cluster)
  for (const query of statements) {
    await writes.expectRoom()
    await writer.command({ query })
  }
  return { migrations: applied.length, retentionChanges: statements.length }
}
