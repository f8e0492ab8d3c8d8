/** How long do an operator's questions take over HTTP, and in the collector's otel_traces and PostgreSQL? */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pino from 'pino'
import { createCheckAccess } from '../src/access/token.ts'
import { buildApi } from '../src/api/server.ts'
import { type Config, loadConfig } from '../src/config.ts'
import { createMetrics } from '../src/metrics/metrics.ts'
import { openStoreClients, type StoreClients } from '../src/store/client.ts'
import { createChangeGroup } from '../src/store/group-states.ts'
import { createStoreReader } from '../src/store/query.ts'
import { rollupTable } from '../src/store/rollups.ts'
import { createStoredBatches } from '../src/store/stored-batches.ts'
import { startHttpClient } from './query/client-thread.ts'
import { lookUp, mergeParts, prepareData, printSize, untilMerged } from './query/data.ts'
import { dropCaches } from './query/drop-caches.ts'
import { measure, type Times } from './query/measure.ts'
import { measureExports } from './query/measure-export.ts'
import { eventsPerSecond, measureBesideIngest } from './query/measure-ingest.ts'
import { fillOtelTraces } from './query/otel-traces.ts'
import { type Postgres, startPostgres } from './query/postgres.ts'
import { type Question, questions } from './query/questions.ts'

const usage = `options:
  --rows 2000000    events, and as many request errors
  --runs 15         times that each question is asked
  --seed 1
  --with otel,postgres,cold,export   what to compare with, and exports of a million events; none by default
  --with ingest     the newest 50 while events are stored, which stay in DIR
  --only Q1,Q2      questions whose name has one of these texts
  --memory 4GiB     of the engine
  --data DIR        fills this directory, or uses what it is filled with, and keeps it
`

const exportRows = 1_000_000
const warmUps = 20

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: 'string', default: '2000000' },
      runs: { type: 'string', default: '15' },
      seed: { type: 'string', default: '1' },
      with: { type: 'string', default: '' },
      only: { type: 'string', default: '' },
      memory: { type: 'string', default: '4GiB' },
      data: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return print(usage)
  const compared = new Set(values.with.split(','))
  const directory = values.data ?? (await mkdtemp(join(tmpdir(), 'ops-sidecar-bench-')))
  await mkdir(directory, { recursive: true })
  const config = loadConfig({
    OPS_DATA_DIR: directory,
    OPS_EMBEDDED_MEMORY_BYTES: values.memory,
    OPS_QUERY_TIMEOUT: '60s',
  })
  const clients = await openStoreClients(config)
  try {
    const generation = await prepareData(clients, directory, Number(values.rows), Number(values.seed), print)
    if (compared.has('otel')) await fillOtelTraces(clients.writer, generation.toMs)
    const stored = [
      'ops_upstream_error_events',
      'ops_error_logs',
      ...(compared.has('otel') ? ['otel_traces'] : []),
    ]
    for (const table of [...stored, rollupTable]) await mergeParts(clients.writer, table)
    await untilMerged(clients.writer)
    for (const table of stored) await printSize(clients.writer, table, print)
    const postgres = compared.has('postgres')
      ? await startPostgres(clients.writer, directory, print)
      : undefined
    try {
      const asked = questions(await lookUp(clients.writer, generation)).filter(({ name }) =>
        values.only.split(',').some((text) => name.includes(text)),
      )
      await ask(clients, config, asked, Number(values.runs), compared, postgres)
    } finally {
      await postgres?.stop()
    }
  } finally {
    await clients.close()
    if (values.data === undefined) await rm(directory, { recursive: true, force: true })
  }
}

async function ask(
  clients: StoreClients,
  { dataDir, embeddedMemoryBytes }: Config,
  asked: readonly Question[],
  runs: number,
  compared: ReadonlySet<string>,
  postgres: Postgres | undefined,
): Promise<void> {
  const app = await buildApi({
    changeGroup: createChangeGroup(clients),
    reader: createStoreReader(clients, { timeoutMs: 60_000, maxMemoryBytes: embeddedMemoryBytes / 2 }),
    storedBatches: createStoredBatches(),
    scratchDirectory: join(dataDir, 'export'),
    metrics: createMetrics(),
    readiness: async () => ({}),
    host: '127.0.0.1',
    checkAccess: createCheckAccess([]),
    version: 'bench',
    log: pino({ level: 'silent' }),
  })
  const url = `${await app.listen({ port: 0, host: '127.0.0.1' })}/api/v1`
  const http = startHttpClient()
  const [reader] = clients.readers
  if (reader === undefined) throw new Error('the store has no reader')
  const askOtel = async (sql: string): Promise<{ ms: number; rows: unknown[] }> => {
    const startedAt = performance.now()
    const result = await reader.query({
      query: `${sql} SETTINGS max_memory_usage = 2147483648, max_execution_time = 120`,
      format: 'JSON',
    })
    const { data } = await result.json()
    return { ms: performance.now() - startedAt, rows: data }
  }
  // A sidecar that runs has compiled what it runs often.
  for (const question of asked.slice(0, 3))
    for (let index = 1; index <= warmUps; index++) await http.ask(`${url}${question.path(index)}`)
  print(
    '\n| question | p50 ms | p99 ms | cold ms | otel_traces p50 ms | ratio | PostgreSQL p50 ms | ratio |\n',
  )
  print('|---|--:|--:|--:|--:|--:|--:|--:|\n')
  for (const question of asked) {
    const ours = await measure(runs, async (index) => (await http.ask(`${url}${question.path(index)}`)).ms)
    let cold: Times | undefined
    if (compared.has('cold')) {
      cold = await measure(2, async (index) => {
        await dropCaches(clients.writer)
        return (await http.ask(`${url}${question.path(index + 1)}`)).ms
      })
    }
    const { otel, postgres: sql } = question
    const otelTimes =
      otel && compared.has('otel')
        ? await measure(runs, async (index) => (await askOtel(otel(index))).ms)
        : undefined
    const postgresTimes =
      sql && postgres ? await measure(runs, (index) => postgres.time(sql(index))) : undefined
    await checkAgreement(question, url, http, otelTimes && askOtel, postgresTimes && postgres)
    print(
      `| ${question.name} | ${shown(ours.p50)} | ${shown(ours.p99)} | ${shown(cold?.p50)} | ${against(otelTimes, ours)} | ${against(postgresTimes, ours)} |\n`,
    )
  }
  if (compared.has('ingest')) {
    const times = await measureBesideIngest(
      clients.writer,
      async () => (await http.ask(`${url}/upstream-errors`)).ms,
    )
    print(
      `| Q1 newest 50, 1 h, beside ${eventsPerSecond} events/s | ${shown(times.p50)} | ${shown(times.p99)} | | | | | |\n`,
    )
  }
  await http.close()
  if (compared.has('export')) await measureExports(url, exportRows, print)
  await app.close()
}

/** The same question has the same answer everywhere. */
async function checkAgreement(
  question: Question,
  url: string,
  http: ReturnType<typeof startHttpClient>,
  askOtel: ((sql: string) => Promise<{ rows: unknown[] }>) | undefined,
  postgres: Postgres | undefined,
): Promise<void> {
  const { agreeOn, otel, postgres: sql } = question
  if (agreeOn === undefined) return
  const ours = agreeOn((await http.ask(`${url}${question.path(1)}`)).body)
  const others = [
    askOtel && otel ? Number((await askOtel(otel(1))).rows.map(agreeOn)[0]) : ours,
    postgres && sql ? await postgres.number(sql(1)) : ours,
  ]
  if (others.some((other) => other !== ours))
    throw new Error(`${question.name}: ${ours} here, ${others.join(' and ')} there`)
}

function against(theirs: Times | undefined, ours: Times): string {
  return theirs === undefined ? ' | ' : `${shown(theirs.p50)} | ${(theirs.p50 / ours.p50).toFixed(1)}`
}

function shown(ms: number | undefined): string {
  return ms === undefined ? '' : ms < 100 ? ms.toFixed(1) : ms.toFixed(0)
}

function print(text: string): void {
  process.stdout.write(text)
}
