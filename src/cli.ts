import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { auditedCommand } from './audit/audited-command.ts'
import { serveClickHouseHttp } from './commands/clickhouse-http.ts'
import { listDeadLetters, retryDeadLetters } from './commands/dead-letter.ts'
import { printJournal } from './commands/journal-inspect.ts'
import { runMigrations } from './commands/migrate.ts'
import { printConfig } from './commands/print-config.ts'
import { rebuildRollups, verifyRollups } from './commands/rollups.ts'
import { run } from './commands/run.ts'
import { printNewToken } from './commands/token-create.ts'
import { type Config, flagOf, loadConfig } from './config.ts'
import { type Setting, type SettingKey, settings } from './config-schema.ts'
import { errorCatalogue, OpsError } from './errors.ts'

type Env = Readonly<Record<string, string | undefined>>

const exitFailure = 1
const exitUsage = 2

/**
 * Reads the command line, then runs it. Exit codes: 0 after a clean stop, 1 for a failure that is told in one line,
 * 2 for a wrong command line or setting. OPS_LOG_LEVEL=debug adds the stack of an unexpected failure.
 */
export async function runCli(argv: readonly string[], env: Env): Promise<void> {
  const program = createProgram(env)
  try {
    await program.parseAsync([...argv])
  } catch (error) {
    process.exit(report(error, ['debug', 'trace'].includes(env.OPS_LOG_LEVEL ?? '')))
  }
}

function createProgram(env: Env): Command {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  const program = new Command('ops-sidecar')
    .description('Sidecar log collector for API and LLM gateways: upstream errors from OTLP to ClickHouse.')
    .version(version)
    .option('--check', 'validate the configuration, print it and exit')
    .exitOverride()
  for (const setting of Object.values(settings) as Setting<unknown>[]) {
    program.option(`${flagOf(setting.env)} <value>`, describe(setting))
  }
  const config = (): Config => loadConfig(env, flagTexts(program))
  const asJson = ['--json', 'print JSON'] as const

  program.action(async () => {
    if (program.opts().check) printConfig(config())
    else await run(config(), version, env)
  })
  const journal = program.command('journal').description('the durable log in front of the store')
  journal
    .command('inspect')
    .description(
      'print segments, records, lag and quarantine; changes nothing, also beside a running sidecar',
    )
    .option(...asJson)
    .action((options: { json?: boolean }) => printJournal(config(), options.json === true))
  const deadLetter = program.command('dead-letter').description('rows that the store refused for good')
  deadLetter
    .command('list')
    .description('print them with the reason')
    .option(...asJson)
    .action((options: { json?: boolean }) => listDeadLetters(config(), options.json === true))
  deadLetter
    .command('retry')
    .description('have the sidecar of the data directory, running or at its next start, deliver them again')
    .action(() => auditedCommand(config(), 'dead-letter retry', {}, () => retryDeadLetters(config())))
  program
    .command('migrate')
    .description('bring the tables of the store up to date, as every start does')
    .option('--dry-run', 'print the statements instead')
    .action((options: { dryRun?: boolean }) => runMigrations(config(), options.dryRun === true))
  const rollups = program.command('rollups').description('the counts that charts are read from')
  rollups
    .command('verify')
    .description('compare them with the events; exit code 1 when they differ')
    .action(async () => {
      if (!(await verifyRollups(config()))) process.exitCode = exitFailure
    })
  rollups
    .command('rebuild')
    .description('correct what differs; stop every writer first')
    .action(() => auditedCommand(config(), 'rollups rebuild', {}, () => rebuildRollups(config())))
  program
    .command('clickhouse-http')
    .description(
      "serve the embedded store of a stopped sidecar in the way of a ClickHouse server's HTTP interface, for Grafana, clickhouse-go and BI tools; a way to reach the data, not a server for production",
    )
    .option('--writable', 'take inserts and DDL as well; by default clients can only read')
    .action((options: { writable?: boolean }) => serveClickHouseHttp(config(), options.writable === true))
  const token = program.command('token').description('tokens for the receiver and the API')
  token
    .command('create')
    .description('print a new token and the entry of it for OPS_TOKENS_FILE')
    .requiredOption('--name <name>', 'who uses it')
    .requiredOption('--scope <scope...>', 'ingest, read, export, retry or admin')
    .option(
      '--service-namespace <namespace...>',
      'the only values of service.namespace that it reads and writes',
    )
    .action((options: { name: string; scope: string[]; serviceNamespace?: string[] }) =>
      auditedCommand(config(), 'token create', options, () =>
        printNewToken(options.name, options.scope, options.serviceNamespace),
      ),
    )
  return program
}

function describe(setting: Setting<unknown>): string {
  const allowed = setting.allowed.charAt(0).toUpperCase() + setting.allowed.slice(1)
  const fallback = setting.secret ? '' : ` Default ${JSON.stringify(setting.fallback)}.`
  return `${setting.description} ${allowed}.${fallback} [${setting.env}]`
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

/** Tells a person what went wrong, and returns the exit code. Commander has printed its own errors. */
function report(error: unknown, withStack: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitUsage
  if (error instanceof OpsError) {
    process.stderr.write(`ops-sidecar: ${error.message}. ${errorCatalogue[error.code].action}\n`)
    return error.code === 'invalid_config' ? exitUsage : exitFailure
  }
  const message = error instanceof Error ? error.message : String(error)
  const stack = withStack && error instanceof Error ? `\n${error.stack}` : ''
  process.stderr.write(`ops-sidecar: ${message.split('\n', 1)[0]}${stack}\n`)
  return exitFailure
}
