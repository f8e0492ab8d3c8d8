import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isLoopback } from '../access/check-binding.ts'
import type { Config } from '../config.ts'
import { OpsError } from '../errors.ts'
import { lockDataDirectory } from '../lock-data-directory.ts'
import { openEmbeddedEngine } from '../store/embedded-engine.ts'
import { startHttpInterface } from '../store/http-interface/server.ts'

const maxBodyBytes = 512 * 2 ** 20
const maxRunning = 8

/**
 * Serves the embedded store of a stopped sidecar to what speaks ClickHouse's HTTP interface, until SIGTERM or SIGINT.
 * @throws OpsError `invalid_config` when it would be open to other machines without a password, `data_dir_in_use`.
 */
export async function serveClickHouseHttp(config: Config, writable: boolean): Promise<void> {
  if (!isLoopback(config.clickhouseHttpHost) && config.clickhousePassword === '')
    throw new OpsError(
      'invalid_config',
      `OPS_CLICKHOUSE_HTTP_HOST: ${JSON.stringify(config.clickhouseHttpHost)} can be reached from other machines, which needs OPS_CLICKHOUSE_PASSWORD`,
    )
  const unlock = await lockDataDirectory(config.dataDir)
  const engine = await openEmbeddedEngine(config)
  const session = engine.openSession()
  await session.queryAsync(`CREATE DATABASE IF NOT EXISTS ${config.clickhouseDatabase}`)
  session.close()
  const http = await startHttpInterface({
    engine,
    host: config.clickhouseHttpHost,
    port: config.clickhouseHttpPort,
    credentials: { user: config.clickhouseUser, password: config.clickhousePassword },
    database: config.clickhouseDatabase,
    writable,
    scratchDirectory: join(config.dataDir, 'clickhouse-http'),
    maxBodyBytes,
    maxExecutionSeconds: config.queryTimeoutMs / 1000,
    maxMemoryBytes: Math.floor(config.embeddedMemoryBytes / 2),
    maxRunning,
    maxWaitMs: config.queryTimeoutMs,
  })
  process.stdout.write(
    `ClickHouse HTTP interface of the embedded engine, ${writable ? 'open for changes' : 'read only'}: http://${config.clickhouseHttpHost}:${http.port}/\n`,
  )
  await signalled()
  await http.stop(config.shutdownTimeoutMs)
  // What was ended needs a moment to let go of its connection.
  await Promise.race([engine.close(), sleep(config.shutdownTimeoutMs)])
  unlock()
}

function signalled(): Promise<void> {
  return new Promise((done) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => done())
  })
}
