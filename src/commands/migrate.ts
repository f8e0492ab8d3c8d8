import { fileURLToPath } from 'node:url'
import type { Config } from '../config.ts'
import { lockDataDirectory } from '../lock-data-directory.ts'
import { type Retention, retentionOf, retentionStatements } from '../store/apply-retention.ts'
import { applySchema } from '../store/apply-schema.ts'
import { openStoreClients, type StoreClients } from '../store/client.ts'
import { type Migration, pendingMigrations, readMigrations } from '../store/migrate.ts'

/** `clickhouse/` beside the sources and beside a build. */
export const migrationsDirectory = fileURLToPath(new URL('../../clickhouse', import.meta.url))

/**
 * Brings the store's tables up to date without starting the sidecar. A dry run prints the statements instead; on a
 * store without tables it does not print those of the retention, which follow from the tables.
 */
export async function runMigrations(config: Config, dryRun: boolean): Promise<void> {
  const unlock = config.clickhouseUrl === '' ? await lockDataDirectory(config.dataDir) : () => {}
  try {
    const clients = await openStoreClients(config)
    try {
      const migrations = readMigrations(migrationsDirectory, clients.cluster)
      const wanted = retentionOf(config.retentionMs, config.bodyRetentionMs)
      if (dryRun) return await printChanges(clients, migrations, wanted)
      const applied = await applySchema(clients, migrations, wanted)
      process.stdout.write(
        `${applied.migrations} migrations and ${applied.retentionChanges} retention changes applied\n`,
      )
    } finally {
      await clients.close()
    }
  } finally {
    unlock()
  }
}

async function printChanges(
  { writer, cluster }: StoreClients,
  migrations: readonly Migration[],
  wanted: Retention,
): Promise<void> {
  const pending = await pendingMigrations(writer, migrations, cluster)
  for (const { number, name, statements } of pending)
    process.stdout.write(
      `-- ${number} ${name}\n${statements.map((statement) => `${statement};\n`).join('\n')}\n`,
    )
  const retention = pending.length > 0 ? [] : await retentionStatements(writer, wanted, cluster)
  for (const statement of retention) process.stdout.write(`-- retention\n${statement};\n`)
  if (pending.length + retention.length === 0) process.stdout.write('-- nothing to do\n')
}
