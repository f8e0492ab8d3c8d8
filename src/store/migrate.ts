import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClickHouseClient } from '@clickhouse/client'
import { OpsError } from '../errors.ts'
import { clickHouseCode } from './clickhouse-code.ts'
import { type Cluster, checkCluster } from './cluster.ts'
import { readRows } from './read-rows.ts'
import { createClusterRenderer } from './render-cluster.ts'

export interface Migration {
  readonly number: number
  readonly name: string
  /** SHA-256 of the file, hex. */
  readonly checksum: string
  readonly statements: readonly string[]
}

/**
 * The numbered files of a directory (`001_what.sql`), in order, with their statements for one node or for the cluster.
 * @throws Error for a statement that cannot be rendered for a cluster.
 */
export function readMigrations(directory: string, cluster?: Cluster): Migration[] {
  const render = cluster === undefined ? undefined : createClusterRenderer(cluster)
  return readdirSync(directory)
    .filter((file) => /^\d{3}_\w+\.sql$/.test(file))
    .sort()
    .map((file) => {
      const sql = readFileSync(join(directory, file), 'utf8')
      return {
        number: Number(file.slice(0, 3)),
        name: file.slice(4, -4),
        checksum: createHash('sha256').update(sql).digest('hex'),
        statements: splitStatements(sql).flatMap((statement) => render?.(statement) ?? [statement]),
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

/** A migration whose record a power loss takes away would be applied again, over what was stored since. */
const synced = 'fsync_after_insert = 1, fsync_part_directory = 1'

/** Makes the table of records, or has one of an older version synced. On a cluster it is one table on all nodes, whatever shard they are of. */
function recordTable(cluster: Cluster | undefined): string[] {
  const columns = `(number UInt32, name String, checksum String, applied_at DateTime64(3, 'UTC'))`
  return cluster === undefined
    ? [
        `CREATE TABLE IF NOT EXISTS ops_migrations ${columns} ENGINE = MergeTree ORDER BY number SETTINGS ${synced}`,
        `ALTER TABLE ops_migrations MODIFY SETTING ${synced}`,
      ]
    : [
        `CREATE TABLE IF NOT EXISTS ${cluster.database}.ops_migrations ON CLUSTER '${cluster.name}' ${columns}
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{database}/{table}', '{shard}-{replica}') ORDER BY number SETTINGS ${synced}`,
      ]
}

/**
 * Applies what is missing, in order, and records it. One that was cut short is applied again from its start.
 * @param cluster the one that the migrations were read for.
 * @returns the numbers applied now.
 * @throws OpsError `migration_changed` when an applied file differs from its record, `store_too_new` when the store
 * has one that is not in the directory, `invalid_config` when the cluster cannot be used or the store was made for
 * another one. Nothing is applied then.
 */
export async function migrate(
  client: ClickHouseClient,
  migrations: readonly Migration[],
  cluster?: Cluster,
  beforeFirst: () => Promise<void> = async () => {},
): Promise<number[]> {
  const pending = await pendingMigrations(client, migrations, cluster)
  if (pending.length === 0) return []
  await beforeFirst()
  for (const statement of recordTable(cluster)) await client.command({ query: statement })
  for (const migration of pending) {
    for (const statement of migration.statements) await client.command({ query: statement })
    await client.command({
      query: `INSERT INTO ops_migrations SELECT {number:UInt32}, {name:String}, {checksum:String}, now64(3)`,
      query_params: { number: migration.number, name: migration.name, checksum: migration.checksum },
    })
  }
  return pending.map((migration) => migration.number)
}

/** Those that the store does not have yet, in order; the store is only read. Throws as `migrate`. */
export async function pendingMigrations(
  client: ClickHouseClient,
  migrations: readonly Migration[],
  cluster?: Cluster,
): Promise<Migration[]> {
  const applied = await readApplied(client, cluster)
  checkApplied(migrations, applied)
  return migrations.filter((migration) => !applied.has(migration.number))
}

/** ClickHouse's UNKNOWN_DATABASE. */
const noDatabase = '81'

async function readApplied(
  client: ClickHouseClient,
  cluster: Cluster | undefined,
): Promise<Map<number, string>> {
  const engines = await readEngines(client)
  const events = engines.get('ops_upstream_error_events')
  if (events !== undefined && (events === 'Distributed') !== (cluster !== undefined)) {
    throw new OpsError(
      'invalid_config',
      `OPS_CLICKHOUSE_CLUSTER: the tables were made ${cluster ? 'without a cluster' : 'for a cluster'}`,
    )
  }
  if (cluster !== undefined) await checkCluster(client, cluster)
  if (!engines.has('ops_migrations')) return new Map()
  return new Map(await readRows<[number, string]>(client, 'SELECT number, checksum FROM ops_migrations'))
}

/** The engines of the database's tables; none while there is no such database. */
async function readEngines(client: ClickHouseClient): Promise<Map<string, string>> {
  try {
    return new Map(
      await readRows<[string, string]>(
        client,
        'SELECT name, engine FROM system.tables WHERE database = currentDatabase()',
      ),
    )
  } catch (error) {
    if (clickHouseCode(error) === noDatabase) return new Map()
    throw error
  }
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
