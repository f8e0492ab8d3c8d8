import { setTimeout as sleep } from 'node:timers/promises'
import { checkClickHouseHttp } from '../access/check-binding.ts'
import type { Config } from '../config.ts'
import { lockDataDirectory } from '../lock-data-directory.ts'
import { serveEmbeddedStore } from '../serve-embedded-store.ts'
import { openEmbeddedEngine } from '../store/embedded-engine.ts'
import { confirmWrites } from '../store/http-interface/confirm-writes.ts'

/**
 * Serves the embedded store of a stopped sidecar to what speaks ClickHouse's HTTP interface, until SIGTERM or SIGINT.
 * @throws OpsError `invalid_config` when it would be open to other machines without a password, `data_dir_in_use`.
 */
export async function serveClickHouseHttp(config: Config, writable: boolean): Promise<void> {
  checkClickHouseHttp(config)
  const unlock = await lockDataDirectory(config.dataDir)
  const engine = await openEmbeddedEngine(config)
  const session = engine.openSession()
  await session.queryAsync(`CREATE DATABASE IF NOT EXISTS ${config.clickhouseDatabase}`)
  session.close()
  const writes = writable
    ? await confirmWrites(engine, config.clickhouseDatabase, config.dataDir, (text) =>
        process.stderr.write(`ops-sidecar: ${text}\n`),
      )
    : undefined
  const http = await serveEmbeddedStore(config, engine, writable, writes?.confirm)
  process.stdout.write(
    `ClickHouse HTTP interface of the embedded engine, ${writable ? 'open for changes' : 'read only'}: http://${config.clickhouseHttpHost}:${http.port}/\n`,
  )
  await signalled()
  await http.stop(config.shutdownTimeoutMs)
  await writes?.stop()
  // What was ended needs a moment to let go of its connection.
  await Promise.race([engine.close(), sleep(config.shutdownTimeoutMs, undefined, { ref: false })])
  unlock()
}

function signalled(): Promise<void> {
  return new Promise((done) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => done())
  })
}
