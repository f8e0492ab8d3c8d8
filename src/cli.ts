import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import pino from 'pino'
import { banner } from './banner.ts'
import { type Config, flagOf, loadConfig, unknownVariables } from './config.ts'
import { type Setting, type SettingKey, settings } from './config-schema.ts'
import { errorCatalogue, OpsError } from './errors.ts'
import { startSidecar } from './sidecar.ts'

type Env = Readonly<Record<string, string | undefined>>

/** Exit codes: 0 after a clean stop, 1 for a failure that is told in one line, 2 for a wrong command line or setting. */
const exitFailure = 1
const exitUsage = 2

/** Reads the command line, then runs. Ends the process only for wrong settings and at the end of a stop. */
export async function runCli(argv: readonly string[], env: Env): Promise<void> {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  const program = new Command('ops-sidecar')
    .description('Sidecar log collector for API and LLM gateways: upstream errors from OTLP to ClickHouse.')
    .version(version)
    .option('--check', 'validate the configuration, print it and exit')
    .exitOverride()
  for (const setting of Object.values(settings) as Setting<unknown>[]) {
    const fallback = setting.secret ? '' : ` Default ${JSON.stringify(setting.fallback)}.`
    program.option(
      `${flagOf(setting.env)} <value>`,
      `${setting.description} ${capital(setting.allowed)}.${fallback} [${setting.env}]`,
    )
  }
  program.action(async (options: Record<string, string | boolean>) => {
    const config = loadConfig(env, flagTexts(program))
    if (options.check) return printConfig(config)
    await run(config, version, env)
  })
  try {
    await program.parseAsync([...argv])
  } catch (error) {
    endWith(error)
  }
}

async function run(config: Config, version: string, env: Env): Promise<void> {
  const log = pino(
    { level: config.logLevel, base: { service: 'ops-sidecar' } },
    pino.destination({ fd: 2, sync: true }),
  )
  for (const name of unknownVariables(env))
    log.warn({ name }, 'this variable is no setting; --help lists them all')
  const sidecar = await startSidecar(config, version, log)
  process.stdout.write(banner(config, sidecar, version))
  let stopping = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      // A second signal means now: what is acknowledged is in the journal.
      if (stopping) process.exit(exitFailure)
      stopping = true
      log.info({ signal }, 'stopping')
      sidecar.stop().then(
        () => process.exit(0),
        (error: unknown) => {
          log.error({ err: error }, 'stopping failed')
          process.exit(exitFailure)
        },
      )
    })
  }
}

/** What was given on the command line, by setting. */
function flagTexts(program: Command): Partial<Record<SettingKey, string>> {
  const texts: Partial<Record<SettingKey, string>> = {}
  for (const [key, setting] of Object.entries(settings) as [SettingKey, Setting<unknown>][]) {
    const option = program.options.find((candidate) => candidate.long === flagOf(setting.env))
    const text: unknown = option && program.getOptionValue(option.attributeName())
    if (typeof text === 'string') texts[key] = text
  }
  return texts
}

function printConfig(config: Config): void {
  for (const [key, setting] of Object.entries(settings) as [SettingKey, Setting<unknown>][]) {
    const shown = setting.secret && config[key] !== '' ? '[set]' : config[key]
    process.stdout.write(`${setting.env}=${shown}\n`)
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function endWith(error: unknown): void {
  const commander = error as { code?: string; exitCode?: number }
  if (commander.code?.startsWith('commander.')) process.exit(commander.exitCode === 0 ? 0 : exitUsage)
  if (error instanceof OpsError) {
    process.stderr.write(`ops-sidecar: ${error.message}. ${errorCatalogue[error.code].action}\n`)
    process.exit(error.code === 'invalid_config' ? exitUsage : exitFailure)
  }
  process.stderr.write(`ops-sidecar: ${error instanceof Error ? error.stack : String(error)}\n`)
  process.exit(exitFailure)
}
