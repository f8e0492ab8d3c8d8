import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClickHouseClient } from '@clickhouse/client'

/** A PostgreSQL with the same events, reachable on a socket of its own only. */
export interface Postgres {
  /** Time of a query with its rows read, ms, as psql's \timing tells it. */
  time(sql: string): Promise<number>
  number(sql: string): Promise<number>
  stop(): Promise<void>
}

const columns = [
  ['event_id', 'uuid NOT NULL', 'event_id'],
  ['created_at', 'timestamptz(3) NOT NULL', 'created_at'],
  ...['request_id', 'trace_id', 'span_id', 'service_name', 'service_instance_id', 'environment'].map(
    textColumn,
  ),
  ...['platform', 'model', 'operation', 'kind', 'category', 'error_type', 'error_message'].map(textColumn),
  ['status_code', 'smallint NOT NULL', 'status_code'],
  ['retry_after_ms', 'integer NOT NULL', 'retry_after_ms'],
  ['latency_ms', 'integer NOT NULL', 'latency_ms'],
  ['attempt', 'smallint NOT NULL', 'attempt'],
  ['fingerprint', 'bigint NOT NULL', 'reinterpretAsInt64(fingerprint)'],
  ...['upstream_request_id', 'upstream_host', 'upstream_path', 'account_id', 'account_name', 'group_id'].map(
    textColumn,
  ),
  ...['user_id', 'api_key_id', 'client_ip', 'request_path', 'response_headers', 'response_body'].map(
    textColumn,
  ),
] as const

function textColumn(name: string): [string, string, string] {
  return [name, 'text NOT NULL', name]
}

/** What an operator of such a table makes: time, each filter with time, each id, and words of the message. */
const indexes = [
  'ALTER TABLE upstream_errors ADD PRIMARY KEY (event_id)',
  'CREATE INDEX ON upstream_errors (created_at DESC, event_id DESC)',
  'CREATE INDEX ON upstream_errors (account_id, created_at DESC)',
  'CREATE INDEX ON upstream_errors (platform, status_code, created_at DESC)',
  'CREATE INDEX ON upstream_errors (request_id)',
  'CREATE INDEX ON upstream_errors (trace_id)',
  'CREATE INDEX ON upstream_errors (upstream_request_id)',
  `CREATE INDEX ON upstream_errors USING gin (to_tsvector('simple', error_message))`,
]

/** Debian keeps the programs of each version in a folder of its own. */
function programs(): string {
  const base = '/usr/lib/postgresql'
  const version = existsSync(base)
    ? readdirSync(base).toSorted((a, b) => Number(b) - Number(a))[0]
    : undefined
  if (version === undefined) throw new Error(`${base} is not there: apt-get install postgresql`)
  return join(base, version, 'bin')
}

/** PostgreSQL refuses to run as root. */
function account(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

/** Starts a cluster in this directory and copies the events of ClickHouse into it, unless an earlier run has. */
export async function startPostgres(
  client: ClickHouseClient,
  parentDirectory: string,
  print: (text: string) => void,
): Promise<Postgres> {
  const bin = programs()
  const as = account()
  const directory = join(parentDirectory, 'postgres')
  mkdirSync(directory, { recursive: true })
  if (as) chownSync(directory, as.uid, as.gid)
  const data = join(directory, 'data')
  if (!existsSync(data)) {
    const options = ['-A', 'trust', '-U', 'bench', '--no-sync', '-E', 'UTF8', '--locale=C']
    execFileSync(join(bin, 'initdb'), ['-D', data, ...options], { ...as, stdio: 'ignore' })
  }
  const settings = {
    listen_addresses: '',
    unix_socket_directories: directory,
    shared_buffers: '2GB',
    effective_cache_size: '8GB',
    work_mem: '64MB',
    maintenance_work_mem: '512MB',
    // A table that is filled where it is made, and its indexes, then need no log.
    wal_level: 'minimal',
    max_wal_senders: '0',
    random_page_cost: '1.1',
    timezone: 'UTC',
  }
  const server = spawn(
    join(bin, 'postgres'),
    ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    { ...as, stdio: 'ignore' },
  )
  const stop = () => end(server)
  const psql = (sql: string): string =>
    execFileSync(
      join(bin, 'psql'),
      ['-XqAt', '-h', directory, '-U', 'bench', '-d', 'postgres', '-v', 'ON_ERROR_STOP=1'],
      {
        input: sql,
        encoding: 'utf8',
        stdio: ['pipe', 'pipe', 'pipe'],
        maxBuffer: 2 ** 30,
      },
    )
  try {
    await untilReady(psql)
    if (!isFilled(psql)) await fill(client, parentDirectory, psql, print)
    printSize(psql, print)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    async time(sql) {
      // The first query of a session fills its caches of the tables' descriptions.
      const answer = psql(
        `SELECT count(*) FROM (SELECT 1 FROM upstream_errors LIMIT 1) x;\n\\o /dev/null\n\\timing on\n${sql};`,
      )
      const time = /Time: ([\d.]+) ms/.exec(answer)?.[1]
      if (time === undefined) throw new Error(`psql told no time: ${answer}`)
      return Number(time)
    },
    number: async (sql) => Number(psql(`${sql};`)),
    stop,
  }
}

async function untilReady(psql: (sql: string) => string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      psql('SELECT 1;')
      return
    } catch (error) {
      if (attempt === 100) throw error
      await sleep(100)
    }
  }
}

function isFilled(psql: (sql: string) => string): boolean {
  return psql(`SELECT to_regclass('upstream_errors') IS NOT NULL;`).trim() === 't'
}

function printSize(psql: (sql: string) => string, print: (text: string) => void): void {
  const rows = Number(psql('SELECT count(*) FROM upstream_errors;'))
  const bytes = Number(psql(`SELECT pg_total_relation_size('upstream_errors');`))
  print(`PostgreSQL: ${rows} rows, ${Math.round(bytes / rows)} bytes a row with indexes\n`)
}

async function fill(
  client: ClickHouseClient,
  scratchDirectory: string,
  psql: (sql: string) => string,
  print: (text: string) => void,
): Promise<void> {
  const file = join(scratchDirectory, 'postgres.csv')
  rmSync(file, { force: true })
  const select = columns.map(([name, , sql]) => (sql === name ? name : `${sql} AS ${name}`)).join(', ')
  await client.command({
    query: `INSERT INTO FUNCTION file('${file}', 'CSV') SELECT ${select} FROM ops_upstream_error_events`,
  })
  try {
    const startedAt = performance.now()
    const definitions = columns.map(([name, type]) => `${name} ${type}`).join(', ')
    // Indexes are made when the rows are there: random ids in b-trees that do not fit into memory would take hours.
    psql(
      `BEGIN;\nCREATE TABLE upstream_errors (${definitions});\n\\copy upstream_errors FROM '${file}' CSV\n${indexes.join(';\n')};\nCOMMIT;`,
    )
    psql('VACUUM ANALYZE upstream_errors;')
    const seconds = (performance.now() - startedAt) / 1000
    print(`PostgreSQL: filled, then indexed, in ${seconds.toFixed(1)} s\n`)
  } finally {
    rmSync(file, { force: true })
  }
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return
  const ended = new Promise((resolve) => server.once('exit', resolve))
  // Fast shutdown: sessions are ended, nothing is lost.
  server.kill('SIGINT')
  await ended
}
