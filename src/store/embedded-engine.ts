import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Session } from 'chdb'
import type { Config } from '../config.ts'
import { OpsError } from '../errors.ts'
import { lowerEngineThreads } from './engine-threads.ts'
import { setRecentShortPartsAside } from './short-parts.ts'

export interface EmbeddedEngine {
  /** For `createClient({ connection })`; each runs one statement at a time. */
  createConnection(): unknown
  /** A connection without the client around it, with settings, parameters and database of its own. */
  openSession(): Session
  /** Waits for what still runs. */
  close(): Promise<void>
}

export type EngineConfig = Pick<Config, 'dataDir' | 'embeddedMemoryBytes'>

/**
 * Opens the embedded ClickHouse under the data directory, which one process at a time can.
 * @throws OpsError `embedded_engine_missing`, `data_dir_in_use`, `store_not_opened`.
 */
export async function openEmbeddedEngine(
  config: EngineConfig,
  onSetAside: (parts: readonly string[]) => void = () => {},
): Promise<EmbeddedEngine> {
  const path = join(config.dataDir, 'clickhouse')
  mkdirSync(path, { recursive: true })
  const [{ chdb, createChdbConnection }, short] = await Promise.all([
    loadEngine(),
    setRecentShortPartsAside(path),
  ])
  if (short.length > 0) onSetAside(short)
  // The first session of a process binds the directory and gives the engine its server settings; all others share it.
  // Caches are small because they live in the gateway's neighbour.
  const first = openFirst(() => new chdb.Session(path, { connectionArgs: engineArguments(config) }))
  const threads = lowerEngineThreads()
  return {
    createConnection: () => createChdbConnection({ path }),
    openSession: () => new chdb.Session(path),
    async close() {
      threads.stop()
      first.close()
      await chdb.drainPending()
    },
  }
}

/** Beside the sources and beside a build. */
const configFile = fileURLToPath(new URL('../../clickhouse/embedded/config.xml', import.meta.url))

function engineArguments(config: EngineConfig): string[] {
  return [
    `--config-file=${configFile}`,
    `--max_server_memory_usage=${config.embeddedMemoryBytes}`,
    `--mark_cache_size=${Math.floor(config.embeddedMemoryBytes / 16)}`,
    `--index_mark_cache_size=${Math.floor(config.embeddedMemoryBytes / 32)}`,
    `--uncompressed_cache_size=${Math.floor(config.embeddedMemoryBytes / 32)}`,
    // Or, in a container, Node's memory and that of all others in it would count against the engine's limit: inserts
    // would fail although the engine holds a fraction of it.
    '--memory_worker_use_cgroup=0',
    '--async_load_databases=0',
  ]
}

/**
 * The engine's allocator keeps freed pages for five seconds by default, in case they are needed again: under load 100 to
 * 150 MiB of them. It reads this once, when the library is loaded.
 */
const allocatorOptions = 'dirty_decay_ms:500'

async function loadEngine() {
  // Who sets it knows better.
  process.env.JE_MALLOC_CONF ??= allocatorOptions
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

function openFirst(open: () => Session): Session {
  try {
    return open()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const code = /lock file|CANNOT_OPEN_FILE.*status/i.test(why) ? 'data_dir_in_use' : 'store_not_opened'
    throw new OpsError(code, `the embedded store cannot be opened: ${why.split('\n', 1)[0]}`, { cause })
  }
}
