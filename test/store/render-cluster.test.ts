import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { idKey } from '../../src/deduplication/recent-events.ts'
import { toBatch } from '../../src/delivery/freeze-cycle.ts'
import { reconcile } from '../../src/delivery/reconcile.ts'
import type { DeliveryStore } from '../../src/delivery/store-port.ts'
import { tables, upstreamErrorTable } from '../../src/event/tables.ts'
import { retentionOf, retentionStatements } from '../../src/store/apply-retention.ts'
import { openStoreClients, type StoreClients } from '../../src/store/client.ts'
import { createDeliveryStore } from '../../src/store/delivery-store.ts'
import { createInsertBatch } from '../../src/store/insert-batch.ts'
import { migrate, readMigrations } from '../../src/store/migrate.ts'
import { createClusterRenderer } from '../../src/store/render-cluster.ts'
import { countDifference, rollups, rollupTable } from '../../src/store/rollups.ts'
import { row } from '../support/rows.ts'
import { testConfig } from '../support/sidecar.ts'
import { type EmptyStore, openEmptyStore } from '../support/store.ts'

const cluster = { name: 'prod-1', database: 'ops' }
const directoryOfMigrations = new URL('../../clickhouse', import.meta.url).pathname
const single = readMigrations(directoryOfMigrations)
const rendered = readMigrations(directoryOfMigrations, cluster)
const statements = rendered.flatMap((migration) => migration.statements)

let store: EmptyStore
let clients: StoreClients

function rows<Row>(query: string): Promise<Row[]> {
  return store.rows(query)
}

beforeAll(async () => {
  store = await openEmptyStore()
  clients = store.clients
})
afterAll(() => store.close())

describe('the migrations of a cluster', () => {
  it('are the same files with the same checksums', () => {
    const identity = ({ number, name, checksum }: (typeof single)[number]) => ({ number, name, checksum })
    expect(rendered.map(identity)).toEqual(single.map(identity))
  })

  it('change every node, and only tables with local or Distributed engines', () => {
    for (const statement of statements) {
      if (/^INSERT/.test(statement)) continue
      expect(statement).toContain("ON CLUSTER 'prod-1'")
      if (/^CREATE TABLE/.test(statement)) {
        expect(statement).toMatch(/^CREATE TABLE IF NOT EXISTS ops\.\w+_local /)
        expect(statement).toMatch(
          /\nENGINE = Replicated\w*MergeTree\('\/clickhouse\/tables\/\{shard\}\/\{database\}\/\{table\}', '\{replica\}'/,
        )
        expect(statement).not.toContain('non_replicated_deduplication_window')
      }
    }
  })

  it('keep a batch on one shard and rows that are merged into one together', () => {
    const keyOf = (table: string) =>
      statements.find((statement) => statement.startsWith(`CREATE OR REPLACE TABLE ops.${table} `))
    for (const table of tables.values()) expect(keyOf(table.name)).toContain(', cityHash64(batch_id))')
    expect(keyOf(rollupTable)).toContain(
      ', cityHash64(rollup_name, bucket, fingerprint, platform, status_code, category, kind, model, account_id))',
    )
  })

  it('let views count the rows of their own node', () => {
    for (const statement of statements.filter((text) => text.startsWith('CREATE MATERIALIZED VIEW')))
      expect(statement).toMatch(/ TO ops\.\w+_local AS\s[^;]*\bFROM ops\.\w+_local\b/)
  })

  it('are all statements that ClickHouse can parse', async () => {
    for (const statement of statements)
      expect((await rows(`EXPLAIN AST ${statement}`)).length).toBeGreaterThan(1)
  })

  it('change a table on its nodes first, and then make its Distributed table again', async () => {
    const render = createClusterRenderer(cluster)
    render('CREATE TABLE IF NOT EXISTS t\n(a UInt8, b UInt8)\nENGINE = ReplacingMergeTree(b)\nORDER BY a')
    const changed = render('ALTER TABLE t ADD COLUMN IF NOT EXISTS c UInt8')
    expect(changed).toEqual([
      "ALTER TABLE ops.t_local ON CLUSTER 'prod-1' ADD COLUMN IF NOT EXISTS c UInt8",
      "CREATE OR REPLACE TABLE ops.t ON CLUSTER 'prod-1' AS ops.t_local\nENGINE = Distributed('prod-1', 'ops', 't_local', cityHash64(a))",
    ])
    const dropped = [...render('DROP VIEW IF EXISTS v'), ...render('DROP TABLE IF EXISTS t')]
    for (const statement of [...changed, ...dropped]) await rows(`EXPLAIN AST ${statement}`)
    expect(dropped).toHaveLength(3)
  })

  it('keep what an engine is given', () => {
    const [table] = createClusterRenderer(cluster)(
      'CREATE TABLE IF NOT EXISTS t\n(a UInt8, b UInt8)\nENGINE = ReplacingMergeTree(b)\nORDER BY a',
    )
    expect(table).toContain(
      "ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', b)",
    )
  })

  it.each([
    'OPTIMIZE TABLE t FINAL',
    'ALTER TABLE unknown ADD COLUMN a UInt8',
    'CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a',
    'CREATE MATERIALIZED VIEW IF NOT EXISTS v TO unknown AS SELECT 1 FROM t',
  ])('refuse what they cannot render: %s', (statement) => {
    expect(() => createClusterRenderer(cluster)(statement)).toThrow()
  })

  it('are not applied to a server that does not know the cluster', async () => {
    await expect(migrate(clients.writer, rendered, cluster)).rejects.toMatchObject({
      code: 'invalid_config',
      message: expect.stringContaining('no cluster "prod-1"'),
    })
  })

  it('need a server', async () => {
    await expect(
      openStoreClients({ ...testConfig(store.directory), clickhouseCluster: 'prod-1' }),
    ).rejects.toMatchObject({ code: 'invalid_config' })
  })
})

/** What runs without Keeper and other nodes: plain engines, and a cluster of two shards that are both this engine. */
function onThisNode(statement: string): string {
  return statement
    .replaceAll(" ON CLUSTER 'prod-1'", '')
    .replace(/ENGINE = Replicated(\w+)\('[^']+', '[^']+'(?:, )?/, 'ENGINE = $1(')
    .replace(
      /replicated_deduplication_window = (\d+), replicated_deduplication_window_seconds = \d+/,
      'non_replicated_deduplication_window = $1',
    )
    .replace(
      /^CREATE OR REPLACE TABLE (\S+) AS \S+\nENGINE = Distributed\('[^']+', '(\w+)', '(\w+)', (.+)\)$/,
      "CREATE TABLE IF NOT EXISTS $1 AS remote('127.0.0.1,localhost', '$2', '$3', 'default', '', $4)",
    )
}

describe('the tables of a cluster, with stand-ins for Keeper and its nodes', () => {
  let delivery: DeliveryStore

  beforeAll(async () => {
    for (const statement of statements) await clients.writer.command({ query: onThisNode(statement) })
    await clients.writer.command({ query: 'SET distributed_foreground_insert = 1' })
    delivery = createDeliveryStore(clients, await createInsertBatch(clients, join(store.directory, 'insert')))
  })

  const now = Date.now()
  const batchOf = (name: string, count: number) =>
    toBatch(
      randomUUID(),
      Array.from({ length: count }, (_, index) => row(`${name}-${index}`, now - index)),
    )
  const stored = async (name: string) =>
    (
      await rows<{ n: number }>(
        `SELECT toUInt32(count()) AS n FROM ops_upstream_error_events_local WHERE startsWith(request_id, '${name}')`,
      )
    )[0]?.n
  const differences = async () => {
    // Whole days: they begin and end with a bucket of every rollup.
    const from = Math.floor(now / 86_400_000) * 86_400 - 86_400
    const counts = rollups.map((rollup) =>
      countDifference(
        clients.writer,
        { ...rollup, table: `${rollup.table}_local`, source: `${rollup.source}_local` },
        from,
        from + 3 * 86_400,
      ),
    )
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
  }

  it('have the columns that delivery inserts', async () => {
    for (const table of tables.values()) {
      const of = (name: string) =>
        rows<{ name: string; type: string }>(
          `SELECT name, type FROM system.columns WHERE database = 'ops' AND table = '${name}' ORDER BY position`,
        )
      expect(await of(table.name)).toEqual(await of(`${table.name}_local`))
    }
  })

  it('store a batch once however often it is sent, and count it once', async () => {
    for (let round = 0; round < 4; round++) {
      const batch = batchOf(`sent-again-${round}`, 50)
      for (let time = 0; time < 3; time++)
        expect(await delivery.insert(batch, batch.id)).toEqual({ status: 'stored' })
      expect(await stored(`sent-again-${round}`)).toBe(50)
    }
    expect(await differences()).toBe(0)
  })

  it('complete a batch of which a part is stored', async () => {
    const batch = batchOf('cut-short', 50)
    const part = toBatch(batch.id, batch.rows.slice(0, 20))
    expect(await delivery.insert(part, 'another token')).toEqual({ status: 'stored' })
    const findings: string[] = []
    expect(await reconcile(delivery, batch, (finding) => findings.push(finding))).toEqual({
      status: 'stored',
    })
    expect(findings).toEqual(['partial'])
    expect(await stored('cut-short')).toBe(50)
    expect((await delivery.storedOf(batch)).has(idKey(batch.rows[0]?.bytes ?? new Uint8Array()))).toBe(true)
  })

  it('get their retention on the nodes', async () => {
    const day = 86_400_000
    expect(await retentionStatements(clients.writer, retentionOf(30 * day, 7 * day), cluster)).toEqual([])
    const changed = await retentionStatements(clients.writer, retentionOf(9 * day, 2 * day), cluster)
    expect(changed[0]).toContain(
      `ALTER TABLE ops.${upstreamErrorTable.name}_local ON CLUSTER 'prod-1' MODIFY`,
    )
    for (const statement of changed) await rows(`EXPLAIN AST ${statement}`)
  })
})
