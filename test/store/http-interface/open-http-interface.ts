import { join } from 'node:path'
import { openEmbeddedEngine } from '../../../src/store/embedded-engine.ts'
import { type HttpInterfaceOptions, startHttpInterface } from '../../../src/store/http-interface/server.ts'
import { temporaryDirectory } from '../../support/sidecar.ts'

/** An embedded engine of its own behind the HTTP interface, on a free port. One per process. */
export async function openHttpInterface() {
  const directory = await temporaryDirectory()
  const engine = await openEmbeddedEngine({ dataDir: directory.path, embeddedMemoryBytes: 2e9 })
  const session = engine.openSession()
  await session.queryAsync('CREATE DATABASE ops')
  session.close()
  const stops: (() => Promise<void>)[] = []
  return {
    engine,
    directory: directory.path,
    /** One more interface over the same engine; returns its URL. */
    async serve(options: Partial<HttpInterfaceOptions> = {}): Promise<string> {
      const http = await startHttpInterface({
        engine,
        host: '127.0.0.1',
        port: 0,
        credentials: { user: 'default', password: '' },
        database: 'ops',
        writable: true,
        scratchDirectory: join(directory.path, `scratch-${stops.length}`),
        maxBodyBytes: 50e6,
        maxExecutionSeconds: 30,
        maxMemoryBytes: 1e9,
        maxRunning: 8,
        maxWaitMs: 10_000,
        ...options,
      })
      stops.push(() => http.stop(2000))
      return `http://127.0.0.1:${http.port}`
    },
    async close() {
      await Promise.all(stops.map((stop) => stop()))
      await engine.close()
      await directory.remove()
    },
  }
}
