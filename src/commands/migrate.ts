import { fileURLToPath } from 'node:url'
import type { Config } from '../config.ts'
import { lockDataDirectory } from '../lock-data-directory.ts'
import { retentionOf, retentionStatements } from '../store/apply-retention.ts'
import { openStoreClients } from '../store/client.ts'
import { migrate, pendingMigrations, readMigrations } from '../store/migrate.ts'

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
      const { cluster } = clients
      if (!dryRun) await clients.createDatabase()
      const migrations = readMigrations(migrationsDirectory, cluster)
      const pending = await pendingMigrations(clients.writer, migrations, cluster)
      for (const { number, name, statements } of dryRun ? pending : []) {
        process.stdout.write(
          `-- ${number} ${name}\n${statements.map((statement) => `${statement};\n`).join('\n')}\n`,
        )
      }
      if (!dryRun) await migrate(clients.writer, migrations, cluster)
      const wanted = retentionOf(config.retentionMs, config.bodyRetentionMs)
      const statements =
        dryRun && pending.length > 0 ? [] : await retentionStatements(clients.writer, wanted, cluster)
      for (const statement of statements) {
        if (dryRun) process.stdout.write(`-- retention\n${statement};\n`)
        else await clients.writer.command({ query: statement })
      }
      if (!dryRun)
        process.stdout.write(
          `${pending.length} migrations and ${statements.length} retention changes applied\n`,
        )
      else if (pending.length + statements.length === 0) process.stdout.write('-- nothing to do\n')
    } finally {
      await clients.close()
    }
  } finally {
    unlock()
  }
}
