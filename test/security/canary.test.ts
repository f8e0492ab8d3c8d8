import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { routeScopes } from '../../src/api/route-scopes.ts'
import { openStoreClients } from '../../src/store/client.ts'
import { readRows } from '../../src/store/read-rows.ts'
import { encodeProtobuf } from '../selection/otlp-proto.ts'
import { eventually } from '../support/eventually.ts'
import { json } from '../support/json.ts'
import { keyValues } from '../support/otlp.ts'
import { temporaryDirectory, testConfig } from '../support/sidecar.ts'

/**
 * A random secret in every place that an exporter can put one, through both encodings and both signals; afterwards
 * everything that the sidecar wrote, said or answered is searched for it.
 */
const main = new URL('../../src/main.ts', import.meta.url).pathname
const canaries = new Map<string, string>()

/** What is searched for: random, long enough to come by chance nowhere, not a word of any rule. */
function core(place: string): string {
  const text = `Zq${randomBytes(15).toString('hex')}Xw`
  canaries.set(text, place)
  return text
}
/** A key as providers make them, which is to be found wherever it stands. */
const key = (place: string): string => `sk-ant-api03-${core(place)}`
const jwt = (place: string): string => `eyJhbGciOiJIUzI1NiJ9.eyJ${core(place)}.${core(place)}`

const secretHeaders = [
  'authorization',
  'proxy-authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'cookie',
  'set-cookie',
  'x-amz-security-token',
  'cf-aig-authorization',
  'helicone-auth',
  'x-portkey-api-key',
  'x-of-somebody-else',
]

/** Texts with a secret in each position that a body has, by what it is. */
function bodies(place: string): Record<string, string> {
  const inner = JSON.stringify({ detail: `refused ${key(`${place}, JSON in JSON`)}` })
  return {
    'JSON value': JSON.stringify({ error: { message: `bad key ${key(`${place}, JSON value`)}` } }),
    'JSON key': JSON.stringify({ error: { [key(`${place}, JSON key`)]: 1 } }),
    'secret name': JSON.stringify({ error: { password: core(`${place}, secret name`), code: 1 } }),
    'secret object': JSON.stringify({ credentials: { user: core(`${place}, secret object`) } }),
    'JSON in JSON': JSON.stringify({ error: { message: inner } }),
    'JSON in JSON in JSON': JSON.stringify({ error: { raw: JSON.stringify({ inner }) } }),
    'at the end': `upstream said ${'x'.repeat(200)} ${key(`${place}, end`)}`,
    'beyond the limit': `${'y'.repeat(16_300)} ${key(`${place}, across the limit`)} ${key(`${place}, beyond`)}`,
    'first of all': `${key(`${place}, first`)} is no key`,
    form: `grant_type=client&client_secret=${core(`${place}, form`)}&x=1`,
    percent: `?q=${encodeURIComponent(`{"api_key":"${core(`${place}, percent`)}"}`)}`,
    HTML: `<p>token=&quot;${core(`${place}, HTML`)}&quot;</p>`,
    PEM: `-----BEGIN PRIVATE KEY-----\nMIIEpAIB${core(`${place}, PEM`)}\n-----END PRIVATE KEY-----`,
    SSE: `event: error\ndata: {"error":{"message":"${key(`${place}, SSE`)}"}}\n\n`,
  }
}

const urlsOf = (place: string): Record<string, string> => ({
  userinfo: `https://user:${core(`${place}, userinfo`)}@api.openai.com/v1/chat`,
  query: `https://api.openai.com/v1/models?key=${core(`${place}, query`)}&alt=sse`,
  'signed query': `https://b.s3.amazonaws.com/o?X-Amz-Signature=${core(`${place}, signed query`)}`,
  fragment: `https://api.openai.com/cb#access_token=${core(`${place}, fragment`)}`,
  path: `https://api.openai.com/v1/${key(`${place}, path`)}/chat`,
})

const texts = [
  'gen_ai.request.model',
  'ops.upstream.model',
  'gen_ai.operation.name',
  'error.type',
  'ops.upstream.error.code',
  'exception.message',
  'exception.stacktrace',
  'error.message',
  'ops.error.message',
  'ops.request.id',
  'ops.client_request.id',
  'ops.upstream.request.id',
  'ops.account.id',
  'ops.account.name',
  'ops.group.id',
  'ops.api_key.id',
  'user.id',
  'client.address',
  'user_agent.original',
  'ops.something.else',
  'gen_ai.input.messages',
]

/** Attributes of one event each: there is a secret in one place of every one. */
function plantedAttributes(via: string): Record<string, string>[] {
  const planted: Record<string, string>[] = []
  for (const name of texts) {
    planted.push({ [name]: `of ${key(`${via}: ${name}`)}` }, { [name]: jwt(`${via}: ${name} as JWT`) })
    planted.push({ [name]: `Bearer ${core(`${via}: ${name} as Bearer`)}` })
  }
  planted.push({ [key(`${via}: name of an attribute`)]: 'x' }, { 'app.password': core(`${via}: password`) })
  for (const side of ['request', 'response']) {
    for (const header of secretHeaders)
      planted.push({ [`http.${side}.header.${header}`]: core(`${via}: ${side} header ${header}`) })
    planted.push({ [`http.${side}.header.user-agent`]: `curl ${key(`${via}: ${side} user-agent`)}` })
    const all = Object.fromEntries(
      secretHeaders.map((header) => [header, core(`${via}: ${side} headers as JSON, ${header}`)]),
    )
    planted.push({ [`http.${side}.headers`]: JSON.stringify(all) })
    for (const body of Object.values(bodies(`${via}: ${side} body`)))
      planted.push({ [`http.${side}.body.content`]: body })
  }
  for (const body of Object.values(bodies(`${via}: error body`))) planted.push({ 'ops.error.body': body })
  for (const name of ['url.full', 'url.path', 'ops.request.path', 'server.address'])
    for (const url of Object.values(urlsOf(`${via}: ${name}`))) planted.push({ [name]: url })
  return planted
}

/** The other details are in exports and lists, and in the store. */
const detailed = 200
const usual = { 'gen_ai.provider.name': 'openai', 'http.response.status_code': 429 }
let nowMs = 0

function traces(via: string): unknown {
  const spans = plantedAttributes(via).flatMap((attributes, index) =>
    ['ops.upstream_error', 'ops.request_error'].map((name) => ({
      traceId: randomBytes(16).toString('hex'),
      spanId: randomBytes(8).toString('hex'),
      traceState: `vendor=${key(`${via}: trace state`)}`,
      name: `POST ${key(`${via}: span name`)}`,
      kind: 3,
      startTimeUnixNano: `${nowMs + index}000000`,
      endTimeUnixNano: `${nowMs + index}000000`,
      attributes: keyValues({ 'app.of.span': key(`${via}: span attribute`) }),
      status: { code: 2, message: `status ${key(`${via}: span status`)}` },
      events: [
        { name, timeUnixNano: `${nowMs + index}000000`, attributes: keyValues({ ...usual, ...attributes }) },
      ],
    })),
  )
  return { resourceSpans: [{ resource: resource(via), scopeSpans: [{ scope: scope(via), spans }] }] }
}

function logs(via: string): unknown {
  const logRecords = plantedAttributes(via).flatMap((attributes, index) =>
    ['ops.upstream_error', 'ops.request_error'].map((eventName) => ({
      eventName,
      timeUnixNano: `${nowMs + index}000001`,
      traceId: randomBytes(16).toString('hex'),
      spanId: randomBytes(8).toString('hex'),
      severityText: key(`${via}: severity`),
      body: { stringValue: `body ${key(`${via}: log body`)}` },
      attributes: keyValues({ ...usual, ...attributes }),
    })),
  )
  return { resourceLogs: [{ resource: resource(via), scopeLogs: [{ scope: scope(via), logRecords }] }] }
}

const resource = (via: string) => ({
  attributes: keyValues({
    'service.name': `gateway ${key(`${via}: service.name`)}`,
    'service.namespace': key(`${via}: service.namespace`),
    'service.instance.id': key(`${via}: service.instance.id`),
    'deployment.environment.name': key(`${via}: environment`),
    'host.name': key(`${via}: resource attribute`),
  }),
})
const scope = (via: string) => ({
  name: key(`${via}: scope name`),
  version: key(`${via}: scope version`),
  attributes: keyValues({ 'app.of.scope': key(`${via}: scope attribute`) }),
})

function withByteIds(message: unknown): never {
  return JSON.parse(JSON.stringify(message), (name, value: unknown) =>
    (name === 'traceId' || name === 'spanId') && typeof value === 'string'
      ? Buffer.from(value, 'hex')
      : value,
  ) as never
}

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let child: ChildProcess
/** Everything that it printed, both streams, and everything that it answered, by where. */
const said = new Map<string, Buffer>()
let output = ''
let apiUrl = ''
let otlpUrl = ''

async function start(): Promise<void> {
  child = spawn(process.execPath, [main], {
    env: {
      PATH: process.env.PATH ?? '',
      OPS_DATA_DIR: directory.path,
      OPS_OTLP_PORT: '0',
      OPS_OTLP_GRPC_PORT: '0',
      OPS_API_PORT: '0',
      OPS_LOG_LEVEL: 'trace',
      OPS_JOURNAL_SEGMENT_BYTES: '64MiB',
    },
  })
  let begun = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      output += chunk
      begun += chunk
    })
  await eventually(async () => {
    apiUrl = /API\s+(http:\S+)/.exec(begun)?.[1] ?? ''
    otlpUrl = /OTLP\/HTTP\s+(http:\S+)/.exec(begun)?.[1] ?? ''
    expect(apiUrl).not.toBe('')
    expect(otlpUrl).not.toBe('')
  }, 30_000)
}

async function ask(path: string, name = path): Promise<void> {
  const answer = await fetch(apiUrl + path, { signal: AbortSignal.timeout(20_000) })
  said.set(name, Buffer.from(await answer.arrayBuffer()))
}

async function send(signal: 'traces' | 'logs', type: string, body: string | Uint8Array): Promise<number> {
  const answer = await fetch(`${otlpUrl}/v1/${signal}`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: body as string,
  })
  said.set(`answer ${said.size} to an export`, Buffer.from(await answer.arrayBuffer()))
  return answer.status
}

/** The places whose secrets are in these bytes, as they stand or in UTF-16. */
function found(bytes: Buffer): string[] {
  const text = bytes.toString('latin1')
  return [...text.matchAll(/Zq[0-9a-f]{30}Xw/g)].flatMap(([match]) => canaries.get(match) ?? [])
}

beforeAll(async () => {
  directory = await temporaryDirectory()
  await start()
  const protobuf = 'application/x-protobuf'
  const exports = [
    ['traces', 'application/json', JSON.stringify(at(traces, 'traces in JSON'))],
    ['traces', protobuf, encodeProtobuf('traces', withByteIds(at(traces, 'traces in protobuf')))],
    ['logs', 'application/json', JSON.stringify(at(logs, 'logs in JSON'))],
    ['logs', protobuf, encodeProtobuf('logs', withByteIds(at(logs, 'logs in protobuf')))],
  ] as const
  for (const [signal, type, body] of exports) expect(await send(signal, type, body)).toBe(200)
  // What cannot be read, or not be stored, is told without its content.
  const broken = JSON.stringify(at(traces, 'a broken export'))
  expect(await send('traces', 'application/json', broken.slice(0, -40))).toBe(400)
  expect(await send('traces', protobuf, broken)).toBe(400)
  const timeless = JSON.stringify(at(traces, 'events without a time')).replaceAll(
    /"timeUnixNano":"\d+"/g,
    '"timeUnixNano":"0"',
  )
  expect(await send('traces', 'application/json', timeless)).toBe(200)
})
afterAll(async () => {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  await directory.remove()
})

function at(make: (via: string) => unknown, via: string): unknown {
  nowMs = Date.now() - 30_000
  return make(via)
}

describe('the planted secrets', () => {
  const perExport = () => plantedAttributes('').length
  it('are stored without themselves: the rows are there', async () => {
    const rows = perExport() * 4
    await eventually(async () => {
      const { count } = await json<{ count: number }>(
        fetch(`${apiUrl}/api/v1/upstream-errors/count?from=now-1d`),
      )
      expect(count).toBe(rows)
      const { total } = await json<{ total: number }>(fetch(`${apiUrl}/api/v1/errors?start_time=now-1d`))
      expect(total).toBe(rows)
    }, 30_000)
    expect(canaries.size).toBeGreaterThan(1000)
  })

  it('are in no answer of any route', async () => {
    const { events } = await json<{ events: { event_id: string; fingerprint: string }[] }>(
      fetch(`${apiUrl}/api/v1/upstream-errors?from=now-1d&limit=1000`),
    )
    const errors = await json<{ errors: { id: string }[] }>(
      fetch(`${apiUrl}/api/v1/errors?start_time=now-1d&page_size=500`),
    )
    const range = 'from=now-1d'
    const asked: Record<string, readonly string[]> = {
      '/api/v1/upstream-errors': [`?${range}&limit=1000`],
      '/api/v1/upstream-errors/top': [
        'model',
        'account_id',
        'service_name',
        'service_namespace',
        'error_code',
        'upstream_host',
        'user_agent',
      ].map((dimension) => `?${range}&dimension=${dimension}&n=100`),
      '/api/v1/upstream-errors/histogram': [`?${range}&by=model`, `?${range}&by=account_id`],
      '/api/v1/upstream-errors/groups': [`?${range}&n=100`],
      '/api/v1/upstream-errors/throttling': [`?${range}&n=100`],
      '/api/v1/upstream-errors/export': ['ndjson', 'csv'].map(
        (format) =>
          `?${range}&format=${format}&fields=request_headers,response_headers,request_body,response_body,attributes,error_message,model,user_agent`,
      ),
      '/api/v1/errors': ['?start_time=now-1d&page_size=500'],
      '/api/v1/upstream-errors/tail': [],
      '/api/v1/requests/:request_id': [],
    }
    for (const [route, access] of Object.entries(routeScopes)) {
      if (route.includes('*') || route.includes('/:id/ret') || route.includes(':fingerprint')) continue
      if (route.endsWith(':event_id'))
        for (const { event_id } of events.slice(0, detailed)) await ask(route.replace(':event_id', event_id))
      else if (route.endsWith(':id'))
        for (const { id } of errors.errors.slice(0, detailed)) await ask(route.replace(':id', id))
      else
        for (const query of asked[route] ?? [access === 'public' ? '' : `?${range}`]) await ask(route + query)
    }
    await ask(`/api/v1/upstream-errors/export?${range}&format=parquet`, 'Parquet')
    writeFileSync(join(directory.path, 'answer.parquet'), said.get('Parquet') ?? '')
    await followTail()
    expect(said.size).toBeGreaterThan(2 * detailed)
    const leaks = [...said].flatMap(([where, bytes]) => found(bytes).map((place) => `${place} in ${where}`))
    expect(leaks).toEqual([])
  })

  it('are in no file and no line of output, when the process is killed, and after it has recovered', async () => {
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(filesWithSecrets()).toEqual([])
    damageJournal()
    await start()
    await eventually(async () => expect((await fetch(`${apiUrl}/readyz`)).status).toBe(200), 30_000)
    child.kill('SIGTERM')
    await once(child, 'exit')
    expect(globSync('journal/quarantine/*', { cwd: directory.path })).not.toEqual([])
    expect(filesWithSecrets()).toEqual([])
    expect(output.length).toBeGreaterThan(1000)
    expect(found(Buffer.from(output))).toEqual([])
  })

  it('are in no column of any table of the store, which keeps them compressed', async () => {
    const clients = await openStoreClients(testConfig(directory.path))
    try {
      const tables = await readRows<[database: string, name: string, engine: string]>(
        clients.writer,
        `SELECT database, name, engine FROM system.tables WHERE database NOT IN ('INFORMATION_SCHEMA', 'information_schema', 'system') AND engine LIKE '%MergeTree'`,
      )
      expect(tables.length).toBeGreaterThan(5)
      const leaks: string[] = []
      for (const [database, name] of tables)
        leaks.push(...(await leaksOf(clients.writer, `SELECT * FROM ${database}.${name}`, name)))
      const parquet = join(directory.path, 'answer.parquet')
      leaks.push(...(await leaksOf(clients.writer, `SELECT * FROM file('${parquet}', 'Parquet')`, 'Parquet')))
      expect(leaks).toEqual([])
    } finally {
      await clients.close()
    }
  })

  it('would be found: the search sees one that is left', () => {
    const [secret = ''] = canaries.keys()
    expect(found(Buffer.from(`x${secret}y`))).toHaveLength(1)
  })
})

async function leaksOf(
  client: Parameters<typeof readRows>[0],
  query: string,
  where: string,
): Promise<string[]> {
  const rows = await readRows<unknown>(client, query)
  return found(Buffer.from(JSON.stringify(rows))).map((place) => `${place} in ${where}`)
}

function filesWithSecrets(): string[] {
  return globSync('**/*', { cwd: directory.path, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .flatMap((entry) => {
      const path = join(entry.parentPath, entry.name)
      return found(readFileSync(path)).map((place) => `${place} in ${path}`)
    })
}

/** A flipped byte in a record, so that recovery copies it to the quarantine. */
function damageJournal(): void {
  for (const path of globSync(join(directory.path, 'journal', '*'))) {
    if (!/\.\w+$/.test(path)) continue
    const bytes = readFileSync(path)
    if (bytes.length < 8192) continue
    bytes[4096] = (bytes[4096] ?? 0) ^ 1
    writeFileSync(path, bytes)
  }
}

/** What a tail sends while events come. */
async function followTail(): Promise<void> {
  const leaving = new AbortController()
  const answer = await fetch(
    `${apiUrl}/api/v1/upstream-errors/tail?fields=request_body,response_body,attributes,error_message`,
    { signal: leaving.signal },
  )
  const reader = answer.body?.getReader()
  expect(await send('traces', 'application/json', JSON.stringify(at(traces, 'while it is followed')))).toBe(
    200,
  )
  let text = ''
  while (text.split('event: upstream_error').length < 20) {
    const { value, done } = (await reader?.read()) ?? { done: true }
    if (done) break
    text += Buffer.from(value ?? []).toString('latin1')
  }
  leaving.abort()
  said.set('tail', Buffer.from(text, 'latin1'))
}
