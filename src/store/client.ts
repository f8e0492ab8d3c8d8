import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import type { Config } from '../config.ts'
import { OpsError } from '../errors.ts'
import { clickHouseCode } from './clickhouse-code.ts'
import type { Cluster } from './cluster.ts'
import { type EmbeddedEngine, openEmbeddedEngine } from './embedded-engine.ts'
import { createEngineWrites, type OnMended, type StoreWrites, serverWrites } from './engine-writes.ts'

/** The clients of one ClickHouse, embedded or server. */
export interface StoreClients {
  readonly kind: 'embedded' | 'server'
  /** Of an embedded store. */
  readonly engine: EmbeddedEngine | undefined
  /** Where a server keeps the tables on more than one node. */
  readonly cluster: Cluster | undefined
  /** For inserts and DDL, so that no query is ever in front of them. */
  readonly writer: ClickHouseClient
  /** At least one; the embedded engine runs one query at a time on each. */
  readonly readers: readonly ClickHouseClient[]
  readonly writes: StoreWrites
  /** Makes the database unless it is there; one that somebody else has to make is left to them. */
  createDatabase(): Promise<void>
  close(): Promise<void>
}

export type StoreConfig = Pick<
  Config,
  | 'clickhouseUrl'
  | 'clickhouseUser'
  | 'clickhousePassword'
  | 'clickhouseDatabase'
  | 'clickhouseCluster'
  | 'clickhouseTimeoutMs'
  | 'queryTimeoutMs'
  | 'dataDir'
  | 'embeddedMemoryBytes'
>

/**
 * Opens the store that the configuration names.
 * @throws OpsError `embedded_engine_missing`, `data_dir_in_use`, `store_not_opened`, `invalid_config`; a server that is away is no error
 * here.
 */
export async function openStoreClients(
  config: StoreConfig,
  onMended: OnMended = () => {},
): Promise<StoreClients> {
  return config.clickhouseUrl === '' ? openEmbedded(config, onMended) : openServer(config)
}

const embeddedReaders = 4

async function openEmbedded(config: StoreConfig, onMended: OnMended): Promise<StoreClients> {
  if (config.clickhouseCluster !== '')
    throw new OpsError('invalid_config', 'OPS_CLICKHOUSE_CLUSTER: needs a server, see OPS_CLICKHOUSE_URL')
  const engine = await openEmbeddedEngine(config, onMended)
  const open = async (): Promise<ClickHouseClient> => {
    const client = createClient({ connection: engine.createConnection() as never })
    await client.command({ query: `CREATE DATABASE IF NOT EXISTS ${config.clickhouseDatabase}` })
    await client.command({ query: `USE ${config.clickhouseDatabase}` })
    return client
  }
  const writer = await open()
  const writes = await createEngineWrites(writer, config.dataDir, onMended)
  const readers: ClickHouseClient[] = []
  for (let index = 0; index < embeddedReaders; index++) readers.push(await open())
  return {
    kind: 'embedded',
    engine,
    cluster: undefined,
    // Each connection made it, to use it.
    createDatabase: async () => {},
    writer,
    readers,
    writes,
    async close() {
      await Promise.all([writer, ...readers].map((client) => client.close()))
      await engine.close()
    },
  }
}

type ServerOptions = ReturnType<typeof serverOptions>

function serverOptions(config: StoreConfig) {
  return {
    url: config.clickhouseUrl,
    username: config.clickhouseUser,
    password: config.clickhousePassword,
    database: config.clickhouseDatabase,
    application: 'ops-sidecar',
    // Its failures are answered or logged where they are handled.
    log: { level: ClickHouseLogLevel.OFF },
  }
}

function openServer(config: StoreConfig): StoreClients {
  const shared = serverOptions(config)
  const { clickhouseCluster: name, clickhouseDatabase: database } = config
  const cluster: Cluster | undefined = name === '' ? undefined : { name, database }
  const writer = createClient({
    ...shared,
    // An insert is answered when the shards have stored it, and a statement for all nodes when all have done it.
    ...(cluster
      ? { clickhouse_settings: { distributed_foreground_insert: 1, distributed_ddl_output_mode: 'throw' } }
      : {}),
    request_timeout: config.clickhouseTimeoutMs,
    max_open_connections: 4,
    compression: { request: false, response: false },
  })
  const reader = createClient({
    ...shared,
    request_timeout: config.queryTimeoutMs + 5000,
    max_open_connections: 32,
  })
  return {
    kind: 'server',
    engine: undefined,
    cluster,
    createDatabase: () => createServerDatabase(shared, cluster),
    writer,
    readers: [reader],
    writes: serverWrites,
    async close() {
      await Promise.all([writer.close(), reader.close()])
    },
  }
}

/** ClickHouse's ACCESS_DENIED: a user without the right to make databases uses one that is there. */
const accessDenied = '497'

/** On a connection of its own: one that names a database which is not there cannot even make it. */
async function createServerDatabase(options: ServerOptions, cluster: Cluster | undefined): Promise<void> {
  const { database, ...withoutDatabase } = options
  const client = createClient(withoutDatabase)
  try {
    await client.command({
      query: `CREATE DATABASE IF NOT EXISTS ${database}${cluster ? ` ON CLUSTER '${cluster.name}'` : ''}`,
    })
  } catch (error) {
    if (clickHouseCode(error) !== accessDenied) throw error
  } finally {
    await client.close()
  }
}
