import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClickHouseClient } from '@clickhouse/client'
import { OpsError } from '../errors.ts'
import { readRows } from './read-rows.ts'

export interface Migration {
  readonly number: number
  readonly name: string
  /** SHA-256 of the file, hex. */
  readonly checksum: string
  readonly statements: readonly string[]
}

/** The numbered files of a directory (`001_what.sql`), in order. */
export function readMigrations(directory: string): Migration[] {
  return readdirSync(directory)
    .filter((file) => /^\d{3}_\w+\.sql$/.test(file))
    .sort()
    .map((file) => {
      const sql = readFileSync(join(directory, file), 'utf8')
      return {
        number: Number(file.slice(0, 3)),
        name: file.slice(4, -4),
        checksum: createHash('sha256').update(sql).digest('hex'),
        statements: splitStatements(sql),
      }
    })
}

/** Statements end with a semicolon at the end of a line; comments are dropped first. */
function splitStatements(sql: string): string[] {
  return sql
    .replace(/--[^\n]*/g, '')
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
}

const recordTable = `CREATE TABLE IF NOT EXISTS ops_migrations
(number UInt32, name String, checksum String, applied_at DateTime64(3, 'UTC'))
ENGINE = MergeTree ORDER BY number`

/**
 * Applies what is missing, in order, and records it.
 * @returns the numbers applied now.
 * @throws OpsError `migration_changed` when an applied file differs from its record, `store_too_new` when the store
 * has one that is not in the directory. Nothing is applied then.
 */
export async function migrate(client: ClickHouseClient, migrations: readonly Migration[]): Promise<number[]> {
  const done: number[] = []
  for (const migration of await pendingMigrations(client, migrations)) {
    for (const statement of migration.statements) await client.command({ query: statement })
    await client.command({
      query: `INSERT INTO ops_migrations SELECT {number:UInt32}, {name:String}, {checksum:String}, now64(3)`,
      query_params: { number: migration.number, name: migration.name, checksum: migration.checksum },
    })
    done.push(migration.number)
  }
  return done
}

/** Those that the store does not have yet, in order. Throws as `migrate`. */
export async function pendingMigrations(
  client: ClickHouseClient,
  migrations: readonly Migration[],
): Promise<Migration[]> {
  await client.command({ query: recordTable })
  const applied = await readApplied(client)
  checkApplied(migrations, applied)
  return migrations.filter((migration) => !applied.has(migration.number))
}

async function readApplied(client: ClickHouseClient): Promise<Map<number, string>> {
  return new Map(await readRows<[number, string]>(client, 'SELECT number, checksum FROM ops_migrations'))
}

function checkApplied(migrations: readonly Migration[], applied: ReadonlyMap<number, string>): void {
  const known = new Map(migrations.map((migration) => [migration.number, migration]))
  for (const [number, checksum] of applied) {
    const migration = known.get(number)
    if (migration === undefined) {
      throw new OpsError(
        'store_too_new',
        `the store has migration ${number}, which this version does not know`,
      )
    }
    if (migration.checksum !== checksum) {
      throw new OpsError(
        'migration_changed',
        `migration ${number} (${migration.name}) differs from the one applied`,
      )
    }
  }
}
