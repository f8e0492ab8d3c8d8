import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { builtCollector } from '../../collector-config/built-collector.ts'
import { eventually } from '../support/eventually.ts'
import { goIsMissing } from '../support/go.ts'
import { freePort, temporaryDirectory } from '../support/sidecar.ts'

const configFile = (name: string) => join(import.meta.dirname, '../../collector-config', `${name}.yaml`)

/** Why no collector can be run here, or undefined. */
export async function collectorIsMissing(): Promise<string | undefined> {
  if (builtCollector() !== undefined) return undefined
  return (await goIsMissing()) ?? 'the collector is not built: npm run collector:build'
}

/** @throws with what the collector says about a configuration that it does not accept. */
export async function validateConfig(name: string): Promise<void> {
  await promisify(execFile)(builtCollector() ?? '', ['validate', '--config', configFile(name)])
}

export interface RunningCollector {
  readonly otlpUrl: string
  stop(): Promise<void>
}

/** Runs the collector with a configuration of collector-config/, on free ports and with a queue of its own. */
export async function runCollector(name: string, env: Record<string, string>): Promise<RunningCollector> {
  const directory = await temporaryDirectory()
  const [grpcPort, httpPort, healthPort] = [await freePort(), await freePort(), await freePort()]
  const child = spawn(builtCollector() ?? '', ['--config', configFile(name)], {
    env: {
      OTLP_GRPC_ENDPOINT: `127.0.0.1:${grpcPort}`,
      OTLP_HTTP_ENDPOINT: `127.0.0.1:${httpPort}`,
      HEALTH_ENDPOINT: `127.0.0.1:${healthPort}`,
      QUEUE_DIRECTORY: join(directory.path, 'queue'),
      ...env,
    },
  })
  let log = ''
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk
  })
  const ended = once(child, 'exit')
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error(log)
    await fetch(`http://127.0.0.1:${healthPort}/`).then(
      (response) => {
        if (!response.ok) throw new Error(log)
      },
      () => {
        throw new Error(`the collector does not answer: ${log}`)
      },
    )
  })
  return {
    otlpUrl: `http://127.0.0.1:${httpPort}`,
    async stop() {
      if (child.exitCode === null) child.kill('SIGTERM')
      await ended
      await directory.remove()
    },
  }
}
