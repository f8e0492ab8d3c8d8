import { join } from 'node:path'
import type { Config } from './config.ts'
import type { EmbeddedEngine } from './store/embedded-engine.ts'
import { type HttpInterface, startHttpInterface } from './store/http-interface/server.ts'

const maxBodyBytes = 512 * 2 ** 20
const maxRunning = 4

/**
 * Serves the embedded store by ClickHouse's HTTP interface. All of its statements together may take half of the
 * engine's memory, so that delivery and the API keep theirs.
 * @throws OpsError `address_in_use`.
 */
export function serveEmbeddedStore(
  config: Config,
  engine: EmbeddedEngine,
  writable: boolean,
  confirmWrites?: () => Promise<void>,
): Promise<HttpInterface> {
  return startHttpInterface({
    engine,
    host: config.clickhouseHttpHost,
    port: config.clickhouseHttpPort,
    credentials: { user: config.clickhouseUser, password: config.clickhousePassword },
    database: config.clickhouseDatabase,
    writable,
    ...(confirmWrites ? { confirmWrites } : {}),
    scratchDirectory: join(config.dataDir, 'clickhouse-http'),
    maxBodyBytes,
    maxExecutionSeconds: config.queryTimeoutMs / 1000,
    maxMemoryBytes: Math.floor(config.embeddedMemoryBytes / 2 / maxRunning),
    maxRunning,
    maxWaitMs: config.queryTimeoutMs,
  })
}
