import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import type { Config } from '../config.ts'
import { OpsError } from '../errors.ts'

/** The clients of one ClickHouse, embedded or server. */
export interface StoreClients {
  readonly kind: 'embedded' | 'server'
  /** For inserts and DDL, so that no query is ever in front of them. */
  readonly writer: ClickHouseClient
  /** At least one; the embedded engine runs one query at a time on each. */
  readonly readers: readonly ClickHouseClient[]
  close(): Promise<void>
}

export type StoreConfig = Pick<
  Config,
  | 'clickhouseUrl'
  | 'clickhouseUser'
  | 'clickhousePassword'
  | 'clickhouseDatabase'
  | 'clickhouseTimeoutMs'
  | 'queryTimeoutMs'
  | 'dataDir'
  | 'embeddedMemoryBytes'
>

/**
 * Opens the store that the configuration names and makes its database.
 * @throws OpsError `embedded_engine_missing`, `data_dir_in_use`; a server that is away is no error here.
 */
export async function openStoreClients(config: StoreConfig): Promise<StoreClients> {
  return config.clickhouseUrl === '' ? openEmbedded(config) : openServer(config)
}

const embeddedReaders = 3

async function openEmbedded(config: StoreConfig): Promise<StoreClients> {
  const { chdb, createChdbConnection } = await loadEmbeddedEngine()
  const path = join(config.dataDir, 'clickhouse')
  mkdirSync(path, { recursive: true })
  // The first session of a process binds the directory and gives the engine its server settings; the clients'
  // connections share it. Caches are small because they live in the gateway's neighbour.
  const session = openSession(() => new chdb.Session(path, { connectionArgs: engineArguments(config) }))
  const open = async (): Promise<ClickHouseClient> => {
    const client = createClient({ connection: createChdbConnection({ path }) as never })
    await client.command({ query: `CREATE DATABASE IF NOT EXISTS ${config.clickhouseDatabase}` })
    await client.command({ query: `USE ${config.clickhouseDatabase}` })
    return client
  }
  const writer = await open()
  const readers: ClickHouseClient[] = []
  for (let index = 0; index < embeddedReaders; index++) readers.push(await open())
  return {
    kind: 'embedded',
    writer,
    readers,
    async close() {
      await Promise.all([writer, ...readers].map((client) => client.close()))
      session.close()
      await chdb.drainPending()
    },
  }
}

function engineArguments(config: StoreConfig): string[] {
  return [
    `--max_server_memory_usage=${config.embeddedMemoryBytes}`,
    `--mark_cache_size=${Math.floor(config.embeddedMemoryBytes / 16)}`,
    `--index_mark_cache_size=${Math.floor(config.embeddedMemoryBytes / 32)}`,
    '--async_load_databases=0',
  ]
}

async function loadEmbeddedEngine() {
  try {
    const [chdb, connection] = await Promise.all([import('chdb'), import('chdb/connection')])
    return { chdb, createChdbConnection: connection.createChdbConnection }
  } catch (cause) {
    throw new OpsError(
      'embedded_engine_missing',
      'the embedded ClickHouse engine (npm chdb) cannot be loaded',
      { cause },
    )
  }
}

function openSession<Session>(open: () => Session): Session {
  try {
    return open()
  } catch (cause) {
    throw new OpsError('data_dir_in_use', `the embedded store cannot be opened: ${String(cause)}`, { cause })
  }
}

function openServer(config: StoreConfig): StoreClients {
  const shared = {
    url: config.clickhouseUrl,
    username: config.clickhouseUser,
    password: config.clickhousePassword,
    database: config.clickhouseDatabase,
    application: 'ops-sidecar',
    // Its failures are answered or logged where they are handled.
    log: { level: ClickHouseLogLevel.OFF },
  }
  const writer = createClient({
    ...shared,
    request_timeout: config.clickhouseTimeoutMs,
    max_open_connections: 4,
    compression: { request: { codec: 'zstd', level: 1 }, response: false },
  })
  const reader = createClient({
    ...shared,
    request_timeout: config.queryTimeoutMs + 5000,
    max_open_connections: 32,
  })
  return {
    kind: 'server',
    writer,
    readers: [reader],
    async close() {
      await Promise.all([writer.close(), reader.close()])
    },
  }
}
