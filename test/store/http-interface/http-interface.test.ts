import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../support/eventually.ts'
import { openHttpInterface } from './open-http-interface.ts'

let embedded: Awaited<ReturnType<typeof openHttpInterface>>
let url: string
let readOnlyUrl: string
beforeAll(async () => {
  embedded = await openHttpInterface()
  url = await embedded.serve()
  readOnlyUrl = await embedded.serve({ writable: false })
})
afterAll(() => embedded.close())

let tables = 0
async function createTable(columns = 'a UInt32, b String'): Promise<string> {
  const table = `t${tables++}`
  await ask(url, `CREATE TABLE ${table} (${columns}) ENGINE = MergeTree ORDER BY tuple()`)
  return table
}

/** The answer's text; the statement goes in the body, parameters of the interface in the URL. */
async function ask(base: string, sql: string, query: Record<string, string> = {}): Promise<string> {
  const response = await fetch(`${base}/?${new URLSearchParams(query)}`, { method: 'POST', body: sql })
  const text = await response.text()
  if (!response.ok) throw new Error(`${response.status} ${text}`)
  return text
}

const get = (base: string, query: Record<string, string>, headers: Record<string, string> = {}) =>
  fetch(`${base}/?${new URLSearchParams(query)}`, { headers })

describe('the HTTP interface of the embedded engine', () => {
  it('answers as a ClickHouse server does: ping, format, headers', async () => {
    expect(await (await fetch(`${url}/ping`)).text()).toBe('Ok.\n')
    expect(await (await fetch(url)).text()).toBe('Ok.\n')
    const response = await get(url, {
      query: 'SELECT 1 AS x',
      default_format: 'JSONEachRow',
      query_id: 'mine',
    })
    expect(await response.text()).toBe('{"x":1}\n')
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/x-ndjson; charset=UTF-8',
      'x-clickhouse-query-id': 'mine',
      'x-clickhouse-format': 'JSONEachRow',
      'x-clickhouse-timezone': expect.stringMatching(/\w/),
      'x-clickhouse-server-display-name': expect.stringMatching(/\w/),
    })
    expect(await (await get(url, { query: 'SELECT 1 FORMAT CSVWithNames' })).text()).toBe('"1"\n1\n')
    const summary = (await get(url, { query: 'SELECT sum(number) FROM numbers(1000) FORMAT JSON' })).headers
    expect(JSON.parse(summary.get('x-clickhouse-summary') ?? '')).toMatchObject({ result_rows: '1' })
    expect((await fetch(`${url}/play`)).status).toBe(404)
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(405)
  })

  it('keeps settings, parameters and database within their request', async () => {
    const show = "SELECT getSetting('max_threads'), currentDatabase()"
    expect(await ask(url, show, { max_threads: '3', database: 'system' })).toBe('3\tsystem\n')
    expect(await ask(url, show)).not.toMatch(/^3|system/)
    await expect(ask(url, 'SELECT {p:String}')).rejects.toThrow('UNKNOWN_QUERY_PARAMETER')
    await expect(ask(url, 'SELECT 1', { no_such_setting: '1' })).rejects.toThrow(/^404 Code: 115\./)
    await expect(ask(url, 'SELECT 1', { database: 'none' })).rejects.toThrow(/^404 Code: 81\./)
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        ask(url, 'SELECT {p:UInt32}, sleep(0.01)', { param_p: String(index) }),
      ),
    )
    expect(answers).toEqual(answers.map((_, index) => `${index}\t0\n`))
  })

  it('tells failures by status, number and text', async () => {
    for (const [sql, status, code] of [
      ['SELEC 1', 400, '62'],
      ['SELECT * FROM nothing', 404, '60'],
      ['SELECT throwIf(1)', 500, '395'],
      ['SELECT sleep(2) SETTINGS max_execution_time = 0.1', 408, '159'],
    ] as const) {
      const response = await fetch(url, { method: 'POST', body: sql })
      expect([sql, response.status, response.headers.get('x-clickhouse-exception-code')]).toEqual([
        sql,
        status,
        code,
      ])
      expect(await response.text()).toMatch(
        new RegExp(`^Code: ${code}\\. DB::Exception: .*\\([A-Z_]+\\)`, 's'),
      )
    }
  })

  it('tells a failure after the first rows at the end of a body that does not end well', async () => {
    const response = await get(url, {
      query: 'SELECT throwIf(number = 900000) FROM numbers(1000000) FORMAT TSV',
      max_threads: '1',
    })
    expect(response.status).toBe(200)
    const tag = response.headers.get('x-clickhouse-exception-tag')
    let text = ''
    await expect(
      (async () => {
        for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString()
      })(),
    ).rejects.toThrow()
    expect(text).toMatch(
      new RegExp(`\\r\\n__exception__\\r\\n${tag}\\r\\nCode: 395\\..*__exception__\\r\\n$`, 's'),
    )
    const waited = await get(url, {
      query: 'SELECT throwIf(number = 900000) FROM numbers(1000000) FORMAT TSV',
      wait_end_of_query: '1',
    })
    expect(waited.status).toBe(500)
  })

  it('streams what is larger than memory allows', async () => {
    const response = await get(url, { query: 'SELECT number FROM numbers(100000000) FORMAT RowBinary' })
    const reader = response.body?.getReader()
    expect((await reader?.read())?.value?.length).toBeGreaterThan(0)
    await reader?.cancel()
    await eventually(async () =>
      expect(
        await ask(url, "SELECT count() FROM system.processes WHERE query LIKE '%numbers(100000000)%'"),
      ).toBe('1\n'),
    )
  })

  it('ends the query of a reader who hangs up', async () => {
    const abort = new AbortController()
    const query = 'SELECT sum(sipHash64(number)) FROM numbers(100000000000)'
    const hung = fetch(`${url}/?${new URLSearchParams({ query, query_id: 'hung' })}`, {
      signal: abort.signal,
    })
    hung.catch(() => {})
    const running = () => ask(url, "SELECT count() FROM system.processes WHERE query_id = 'hung'")
    await eventually(async () => expect(await running()).toBe('1\n'))
    abort.abort()
    await eventually(async () => expect(await running()).toBe('0\n'))
  })

  it('shows and kills running statements by the id that their client gave', async () => {
    const id = "odd */ id'x"
    const slow = ask(url, 'SELECT sum(sipHash64(number)) FROM numbers(100000000000)', { query_id: id })
    const failed = expect(slow).rejects.toThrow('QUERY_WAS_CANCELLED')
    await eventually(async () =>
      expect(
        await ask(
          url,
          'SELECT query FROM system.processes WHERE query_id = {id:String} AND initial_query_id = query_id',
          { param_id: id },
        ),
      ).toMatch(/^SELECT sum/),
    )
    await expect(ask(url, 'SELECT 1', { query_id: id })).rejects.toThrow('Code: 216')
    await ask(url, `KILL QUERY WHERE initial_query_id = 'odd */ id\\'x' ASYNC`)
    await failed
    expect(await ask(url, 'SELECT 1', { query_id: id })).toBe('1\n')
  })

  it('compresses and inflates as HTTP says', async () => {
    const table = await createTable()
    for (const coding of ['gzip', 'deflate', 'br', 'zstd']) {
      const response = await get(
        url,
        { query: "SELECT repeat('x', 1000)", enable_http_compression: '1' },
        { 'accept-encoding': coding },
      )
      expect(response.headers.get('content-encoding')).toBe(coding)
      if (coding !== 'zstd') expect(await response.text()).toBe(`${'x'.repeat(1000)}\n`)
    }
    const plain = await get(url, { query: 'SELECT 1' }, { 'accept-encoding': 'gzip' })
    expect(plain.headers.get('content-encoding')).toBe(null)
    const unknown = await fetch(`${url}/?query=INSERT+INTO+${table}+FORMAT+TSV`, {
      method: 'POST',
      headers: { 'content-encoding': 'rot13' },
      body: 'x',
    })
    expect(unknown.status).toBe(501)
    const broken = await fetch(`${url}/?query=INSERT+INTO+${table}+FORMAT+TSV`, {
      method: 'POST',
      headers: { 'content-encoding': 'gzip' },
      body: 'not gzip',
    })
    expect([broken.status, await ask(url, `SELECT count() FROM ${table}`)]).toEqual([500, '0\n'])
  })

  it('takes data of inserts from the body, from the statement, or from both', async () => {
    const table = await createTable("a UInt32, b String DEFAULT 'none'")
    await ask(url, `INSERT INTO ${table} VALUES (1, 'semi;colon'), (2, concat('x', 'y'))`)
    await ask(url, `INSERT INTO ${table} (a) FORMAT JSONEachRow\n{"a": 3}\n{"a": 4}`)
    await ask(url, '{"a": 5, "b": "body"}', { query: `INSERT INTO ${table} FORMAT JSONEachRow` })
    await ask(url, '7\tseven\n', { query: `INSERT INTO ${table} FORMAT TSV\n6\tsix\n` })
    await ask(
      url,
      `INSERT INTO ${table} SELECT a + 10, upper(b) FROM input('a UInt32, b String') FORMAT CSV\n1,"q"`,
    )
    await ask(url, '9,nine', { query: `INSERT INTO ${table} SETTINGS async_insert = 0 FORMAT CSV` })
    await ask(url, `INSERT INTO ${table} SELECT 8, 'select'`)
    expect(await ask(url, `SELECT * FROM ${table} ORDER BY a FORMAT CSV`)).toBe(
      '1,"semi;colon"\n2,"xy"\n3,"none"\n4,"none"\n5,"body"\n6,"six"\n7,"seven"\n8,"select"\n9,"nine"\n11,"Q"\n',
    )
  })

  it('takes any bytes of binary data', async () => {
    const table = await createTable('b String')
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 120 }), { minLength: 1 }), async (rows) => {
        await ask(url, `TRUNCATE TABLE ${table}`)
        const data = Buffer.concat(rows.flatMap((row) => [Buffer.from([row.length]), row]))
        const inBody = Buffer.concat([Buffer.from(`INSERT INTO ${table} FORMAT RowBinary\n`), data])
        await fetch(url, { method: 'POST', body: inBody })
        await fetch(`${url}/?query=INSERT+INTO+${table}+FORMAT+RowBinary`, { method: 'POST', body: data })
        const answer = await get(url, { query: `SELECT b FROM ${table} FORMAT RowBinary` })
        expect(Buffer.from(await answer.arrayBuffer()).equals(Buffer.concat([data, data]))).toBe(true)
      }),
      { numRuns: 25 },
    )
  })

  it('keeps nothing of an insert that fails, and leaves no file behind', async () => {
    const table = await createTable()
    await expect(ask(url, `INSERT INTO ${table} FORMAT JSONEachRow\n{"a": "x"`)).rejects.toThrow(
      '400 Code: 27',
    )
    expect(await ask(url, `SELECT count() FROM ${table}`)).toBe('0\n')
  })
})

describe('what clients may not do', () => {
  it('lets clients only read by default, enforced by the engine', async () => {
    const table = await createTable()
    for (const sql of [
      `INSERT INTO ${table} VALUES (1, 'x')`,
      `DROP TABLE ${table}`,
      `ALTER TABLE ${table} DELETE WHERE 1`,
      'CREATE TABLE made (a UInt8) ENGINE = Memory',
      'SYSTEM FLUSH LOGS',
      'SET readonly = 0',
      "SELECT * FROM file('/etc/hostname', 'LineAsString')",
      "SELECT * FROM url('http://127.0.0.1:9/', 'CSV', 'a String')",
      "INSERT INTO FUNCTION file('/tmp/written', 'CSV', 'a UInt8') SELECT 1",
      'SELECT 1 SETTINGS readonly = 0',
    ])
      await expect(ask(readOnlyUrl, sql, { readonly: '0' }), sql).rejects.toThrow('READONLY')
    expect(await ask(readOnlyUrl, `SELECT count() FROM ${table}`, { max_threads: '1' })).toBe('0\n')
  })

  it('runs one statement a request, and none that touches files', async () => {
    for (const base of [url, readOnlyUrl]) {
      await expect(ask(base, 'SELECT 1; SELECT 2')).rejects.toThrow('Multi-statements')
      expect(await ask(base, "SELECT ';' /* ; */; -- end ;")).toBe(';\n')
      await expect(ask(base, "SELECT 1 INTO /**/ OUTFILE '/tmp/x'")).rejects.toThrow('501 Code: 48')
      await expect(ask(base, "INSERT INTO t FROM INFILE '/etc/hostname' FORMAT TSV")).rejects.toThrow('501')
    }
  })

  it('writes nothing for GET', async () => {
    const table = await createTable()
    const response = await get(url, { query: `DROP TABLE ${table}` })
    expect(await response.text()).toContain('READONLY')
  })

  it('wants user and password, in any of the ways that drivers send them', async () => {
    const guarded = await embedded.serve({ credentials: { user: 'reader', password: 'pass:word' } })
    const basic = `Basic ${Buffer.from('reader:pass:word').toString('base64')}`
    const query = { query: 'SELECT 1' }
    expect((await get(guarded, query)).status).toBe(403)
    expect((await get(guarded, { ...query, user: 'reader', password: 'wrong' })).status).toBe(403)
    expect((await get(guarded, { ...query, user: 'reader', password: 'pass:word' })).status).toBe(200)
    expect((await get(guarded, query, { authorization: basic })).status).toBe(200)
    const headers = { 'x-clickhouse-user': 'reader', 'x-clickhouse-key': 'pass:word' }
    expect((await get(guarded, query, headers)).status).toBe(200)
    expect((await fetch(`${guarded}/ping`)).status).toBe(200)
  })

  it('refuses web pages', async () => {
    expect((await get(url, { query: 'SELECT 1' }, { origin: 'https://example.com' })).status).toBe(403)
    const rebound = await import('node:http').then(({ get: httpGet }) =>
      once(httpGet(`${url}/?query=SELECT+1`, { headers: { host: 'evil.example' } }), 'response'),
    )
    expect(rebound[0].statusCode).toBe(403)
    rebound[0].resume()
  })

  it('bounds bodies and the number of statements at a time', async () => {
    const small = await embedded.serve({ maxBodyBytes: 1000, maxRunning: 1, maxWaitMs: 300 })
    await expect(ask(small, `SELECT '${'x'.repeat(2000)}'`)).rejects.toThrow('413')
    const slow = ask(small, 'SELECT sleep(1.5)')
    await sleep(100)
    const refused = await get(small, { query: 'SELECT 1' })
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
    await slow
    expect(await ask(small, 'SELECT 1')).toBe('1\n')
  })

  it('says what it does not do', async () => {
    await expect(ask(url, 'SELECT 1', { session_id: 'x' })).rejects.toThrow('501 Code: 48')
  })
})

describe('@clickhouse/client over HTTP', () => {
  const connect = (base = url, compression = true) =>
    createClient({
      url: base,
      database: 'ops',
      compression: { request: compression, response: compression },
      log: { level: ClickHouseLogLevel.OFF },
    })

  it('queries with parameters and settings, compressed and not', async () => {
    for (const compression of [true, false]) {
      const client = connect(url, compression)
      expect((await client.ping()).success).toBe(true)
      const result = await client.query({
        query: `SELECT {text:String} AS text, {list:Array(UInt8)} AS list, {at:DateTime64(3, 'UTC')} AS at,
          {map:Map(String, String)} AS map, getSetting('max_threads') AS threads FROM numbers(2)`,
        query_params: { text: "it's\t\\ü", list: [1, 2], at: new Date(1700000000123), map: { k: "v'" } },
        clickhouse_settings: { max_threads: 2 },
        format: 'JSONEachRow',
      })
      const row = {
        text: "it's\t\\ü",
        list: [1, 2],
        at: '2023-11-14 22:13:20.123',
        map: { k: "v'" },
        threads: '2',
      }
      expect(await result.json()).toMatchObject([row, row].map(({ threads: _, ...rest }) => rest))
      await client.close()
    }
  })

  it('inserts JSON and binary rows, and reads them back as a stream', async () => {
    const table = await createTable()
    const client = connect()
    await client.insert({ table, values: [{ a: 1, b: 'json' }], format: 'JSONEachRow' })
    await client
      .exec({
        query: `INSERT INTO ${table} (a, b) FORMAT RowBinary`,
        values: (await import('node:stream')).Readable.from([Buffer.from([2, 0, 0, 0, 3, 98, 105, 110])], {
          objectMode: false,
        }),
      })
      .then(async ({ stream }) => {
        for await (const _ of stream);
      })
    const rows = await client.query({ query: `SELECT * FROM ${table} ORDER BY a`, format: 'JSONEachRow' })
    expect(await rows.json()).toEqual([
      { a: 1, b: 'json' },
      { a: 2, b: 'bin' },
    ])
    await client.close()
  })

  it('gets errors as such', async () => {
    const client = connect()
    await expect(client.query({ query: 'SELECT no_such' })).rejects.toMatchObject({
      code: '47',
      type: 'UNKNOWN_IDENTIFIER',
    })
    const plain = connect(url, false)
    const late = await plain.query({
      query: 'SELECT throwIf(number = 900000) AS x FROM numbers(1000000)',
      format: 'JSONEachRow',
      clickhouse_settings: { max_threads: 1 },
    })
    await expect(
      (async () => {
        for await (const _ of late.stream());
      })(),
    ).rejects.toThrow('throwIf')
    const reader = connect(readOnlyUrl)
    await expect(reader.command({ query: 'CREATE TABLE x (a UInt8) ENGINE = Memory' })).rejects.toMatchObject(
      {
        code: '164',
      },
    )
    await Promise.all([client.close(), plain.close(), reader.close()])
  })
})
