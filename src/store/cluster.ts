import type { ClickHouseClient } from '@clickhouse/client'
import { OpsError } from '../errors.ts'
import { readRows } from './read-rows.ts'

/** A cluster of the ClickHouse server that holds the tables: rows on its shards, read and written as one. */
export interface Cluster {
  /** As the server's `remote_servers` calls it. */
  readonly name: string
  readonly database: string
}

/** The table that holds a shard's rows; the plain name is the Distributed table over all shards. */
export function localTable(table: string): string {
  return `${table}_local`
}

/** What an ALTER or a SYSTEM command names to reach the rows of a table: on a cluster, those of every node. */
export function rowsOf(table: string, cluster: Cluster | undefined): string {
  return cluster === undefined
    ? table
    : `${cluster.database}.${localTable(table)} ON CLUSTER '${cluster.name}'`
}

/**
 * Waits until every replica has what any replica had when this began, so that a read sees it wherever it goes. All
 * have to answer: one that is away could hold rows that the others do not have yet.
 */
export async function syncReplicas(
  client: ClickHouseClient,
  cluster: Cluster | undefined,
  tables: readonly string[],
): Promise<void> {
  if (cluster === undefined) return
  for (const table of tables) {
    await client.command({
      query: `SYSTEM SYNC REPLICA ON CLUSTER '${cluster.name}' ${cluster.database}.${localTable(table)} LIGHTWEIGHT`,
    })
  }
}

/**
 * @throws OpsError `invalid_config` when the server does not know the cluster, or lets the Distributed tables write to
 * every replica of a shard beside the replication, which would store rows twice.
 */
export async function checkCluster(client: ClickHouseClient, cluster: Cluster): Promise<void> {
  const shards = await readRows<[name: string, shard: number, replicas: number | string, replicates: number]>(
    client,
    'SELECT cluster, shard_num, count(), min(internal_replication) FROM system.clusters GROUP BY cluster, shard_num',
  )
  const own = shards.filter(([name]) => name === cluster.name)
  if (own.length === 0) {
    const known = [...new Set(shards.map(([name]) => name))].sort().join(', ')
    throw new OpsError(
      'invalid_config',
      `OPS_CLICKHOUSE_CLUSTER: the server has no cluster ${JSON.stringify(cluster.name)}; it has: ${known || 'none'}`,
    )
  }
  for (const [name, shard, replicas, replicates] of own) {
    if (Number(replicas) === 1 || replicates === 1) continue
    throw new OpsError(
      'invalid_config',
      `OPS_CLICKHOUSE_CLUSTER: shard ${shard} of ${name} has replicas without internal_replication`,
    )
  }
}
