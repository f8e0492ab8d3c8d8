import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { type Config, loadConfig } from '../../src/config.ts'
import { type Sidecar, startSidecar } from '../../src/sidecar.ts'

export interface TestSidecar extends Sidecar {
  readonly otlpUrl: string
  readonly apiUrl: string
  readonly dataDir: string
}

export async function temporaryDirectory(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'ops-sidecar-test-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

/** For OTLP/gRPC, whose port 0 means off. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  return port
}

/** The configuration of a test: free ports, small journal, quick batches. */
export function testConfig(dataDir: string, changes: Partial<Config> = {}): Config {
  return {
    ...loadConfig({
      OPS_DATA_DIR: dataDir,
      OPS_OTLP_PORT: '0',
      OPS_OTLP_GRPC_PORT: '0',
      OPS_API_PORT: '0',
      OPS_BATCH_MAX_WAIT: '20ms',
      OPS_JOURNAL_SEGMENT_BYTES: '4MiB',
      OPS_JOURNAL_MAX_BYTES: '64MiB',
      OPS_JOURNAL_MIN_FREE_DISK_BYTES: '1MiB',
      OPS_SHUTDOWN_TIMEOUT: '5s',
    }),
    ...changes,
  }
}

/** A whole sidecar in this process, on the embedded engine. */
export async function startTestSidecar(dataDir: string, changes: Partial<Config> = {}): Promise<TestSidecar> {
  const sidecar = await startSidecar(testConfig(dataDir, changes), 'test', pino({ level: 'silent' }))
  return {
    ...sidecar,
    otlpUrl: `http://127.0.0.1:${sidecar.otlpPort}`,
    apiUrl: `http://127.0.0.1:${sidecar.apiPort}`,
    dataDir,
  }
}
