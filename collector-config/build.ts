/** `npm run collector:build`: builds the collector of builder.yaml from Go modules, unless it is there. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { builderConfig, builtCollector, collectorDirectory } from './built-collector.ts'

const config = readFileSync(builderConfig, 'utf8')
const version = /^ {2}version: (\S+)$/m.exec(config)?.[1]
if (builtCollector() === undefined) build()
process.stdout.write(`${builtCollector()}\n`)

function build(): void {
  const directory = collectorDirectory()
  const unfinished = `${directory}.${process.pid}`
  mkdirSync(unfinished, { recursive: true })
  const configFile = join(unfinished, 'builder.yaml')
  writeFileSync(configFile, config.replace(/^dist:$/m, `dist:\n  output_path: ${JSON.stringify(unfinished)}`))
  const { status, error } = spawnSync(
    'go',
    ['run', `go.opentelemetry.io/collector/cmd/builder@v${version}`, '--config', configFile],
    { stdio: 'inherit', env: { CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false', ...process.env } },
  )
  if (status !== 0) {
    rmSync(unfinished, { recursive: true, force: true })
    throw error ?? new Error(`the OpenTelemetry Collector Builder ended with ${status}`)
  }
  rmSync(directory, { recursive: true, force: true })
  renameSync(unfinished, directory)
}
