import { type Cluster, localTable } from './cluster.ts'

/** How long a shard remembers the tokens of inserts: longer than any outage after which a batch is still in doubt. */
const tokenSeconds = 7 * 86_400

/**
 * The statements of the migrations for a cluster, from those for one node. Every table becomes two: `name_local` with
 * the rows of a shard, replicated, and `name`, the Distributed table over the shards, which everything reads from and
 * inserts into. Statements are rendered in the order of the migrations, as a change of a table needs to know how it was
 * made. clickhouse/README.md has the shapes and the reasons.
 */
export function createClusterRenderer(cluster: Cluster): (statement: string) => string[] {
  /** By table: what its Distributed table places rows by. */
  const shardingKeys = new Map<string, string>()
  const on = `ON CLUSTER '${cluster.name}'`
  const full = (name: string) => `${cluster.database}.${name}`

  const distributed = (table: string) =>
    `CREATE OR REPLACE TABLE ${full(table)} ${on} AS ${full(localTable(table))}
ENGINE = Distributed('${cluster.name}', '${cluster.database}', '${localTable(table)}', ${shardingKeys.get(table)})`

  const checkKnown = (table: string, statement: string) => {
    if (!shardingKeys.has(table)) throw new Error(`no migration made the table of: ${statement}`)
  }

  return (statement) => {
    const create = /^CREATE TABLE IF NOT EXISTS (\w+)\s/.exec(statement)
    if (create?.[1] !== undefined) {
      const table = create[1]
      shardingKeys.set(table, shardingKeyOf(statement))
      const head = `CREATE TABLE IF NOT EXISTS ${full(localTable(table))} ${on}\n`
      return [head + replicated(statement.slice(create[0].length)), distributed(table)]
    }
    const view = /^CREATE MATERIALIZED VIEW IF NOT EXISTS (\w+) TO (\w+)\s/.exec(statement)
    if (view?.[1] !== undefined && view[2] !== undefined) {
      checkKnown(view[2], statement)
      const select = statement
        .slice(view[0].length)
        .replace(/\b(FROM|JOIN)\s+(\w+)/g, (_, word: string, source: string) => {
          checkKnown(source, statement)
          return `${word} ${full(localTable(source))}`
        })
      return [
        `CREATE MATERIALIZED VIEW IF NOT EXISTS ${full(view[1])} ${on} TO ${full(localTable(view[2]))} ${select}`,
      ]
    }
    const alter = /^ALTER TABLE (\w+)\s/.exec(statement)
    if (alter?.[1] !== undefined) {
      const table = alter[1]
      checkKnown(table, statement)
      return [
        `ALTER TABLE ${full(localTable(table))} ${on} ${statement.slice(alter[0].length)}`,
        distributed(table),
      ]
    }
    const dropTable = /^DROP TABLE IF EXISTS (\w+)$/.exec(statement)
    if (dropTable?.[1] !== undefined) {
      return [dropTable[1], localTable(dropTable[1])].map(
        (table) => `DROP TABLE IF EXISTS ${full(table)} ${on} SYNC`,
      )
    }
    const dropView = /^DROP VIEW IF EXISTS (\w+)$/.exec(statement)
    if (dropView) return [`DROP VIEW IF EXISTS ${full(dropView[1] ?? '')} ${on} SYNC`]
    // Reads and writes the Distributed tables.
    if (/^INSERT INTO \w+\s/.test(statement)) return [statement]
    throw new Error(`a statement that is not rendered for clusters: ${statement}`)
  }
}

/**
 * A batch stays whole: one insert of it is one block on one shard, so that the shard's deduplication by token means
 * what it means on one node. Other tables go by their sorting key, so that rows that an engine merges into one meet.
 */
function shardingKeyOf(create: string): string {
  if (/^\s*batch_id\s/m.test(create)) return 'cityHash64(batch_id)'
  const columns = /\nORDER BY \(?([\w, ]+?)\)?(?=\s*(?:\n|$))/.exec(create)?.[1]
  if (columns === undefined) throw new Error(`a table whose ORDER BY is not a line of columns: ${create}`)
  return `cityHash64(${columns})`
}

/** The server expands the braces; the path names no UUID, so that a node added later finds its shard's replicas. */
const replicaArguments = `'/clickhouse/tables/{shard}/{database}/{table}', '{replica}'`

function replicated(definition: string): string {
  return definition
    .replace(
      /\nENGINE = (\w*MergeTree)(?:\(([^)]*)\))?/,
      (_, engine: string, given?: string) =>
        `\nENGINE = Replicated${engine}(${replicaArguments}${given ? `, ${given}` : ''})`,
    )
    .replace(
      /\bnon_replicated_deduplication_window = (\d+)/,
      `replicated_deduplication_window = $1, replicated_deduplication_window_seconds = ${tokenSeconds}`,
    )
}
