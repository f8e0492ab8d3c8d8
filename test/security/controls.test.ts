import { readFileSync } from 'node:fs'
import { Writable } from 'node:stream'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCheckAccess } from '../../src/access/token.ts'
import { buildApi } from '../../src/api/server.ts'
import { createMetrics } from '../../src/metrics/metrics.ts'
import { type Sidecar, startSidecar } from '../../src/sidecar.ts'
import { createStoredBatches } from '../../src/store/stored-batches.ts'
import { eventually } from '../support/eventually.ts'
import { json } from '../support/json.ts'
import { post, traceExport, upstreamError } from '../support/otlp.ts'
import { temporaryDirectory, testConfig } from '../support/sidecar.ts'

/**
 * The controls of the API's checklist, each with the tests that show it: the file, and words of the test's name. What
 * no other file shows is shown below.
 */
const controls: Readonly<Record<string, readonly (readonly [file: string, title: string])[]>> = {
  'tokens with scopes, kept as hashes; a route that nobody listed fails': [
    ['access/token.test.ts', 'are kept as hashes only'],
    ['api/access.test.ts', 'has no route that nobody listed'],
    ['api/access.test.ts', 'or admin, and nobody else'],
  ],
  'tokens are compared in constant time, whatever their length': [
    ['security/controls.test.ts', 'answers 401 to tokens of any length'],
  ],
  'a token of one namespace never sees another one': [
    ['api/service-namespaces.test.ts', 'shows %s what is its own and nothing of the other'],
    ['api/service-namespaces.test.ts', 'through a cursor that an unrestricted token was given'],
    [
      'api/service-namespaces.test.ts',
      'is refused by every route that does not know how to restrict its answer',
    ],
  ],
  'loopback by default; beyond it only with tokens': [
    ['access/token.test.ts', 'binding beyond loopback'],
    ['security/controls.test.ts', 'binds loopback unless it is told otherwise'],
  ],
  'rate and query limits': [
    ['api/rate-limits.test.ts', 'answers a burst of one token with 429'],
    ['api/rate-limits.test.ts', 'when the query time of the token is used up'],
    ['store/query.test.ts', 'is ended by the time limit, and one that is too large by the memory limit'],
  ],
  'CORS off; only known hosts': [
    ['receiver/cors.test.ts', 'is off by default'],
    ['api/access.test.ts', 'answers no request for another host while it is bound to loopback'],
  ],
  'CSP, no sniffing, no framing; text of errors stays text in a browser': [
    ['api/access.test.ts', 'keep browsers from sniffing, framing and running'],
    ['console/hostile-text.test.ts', 'stays text in every field of every view'],
  ],
  'values are never part of SQL': [
    ['api/filters.test.ts', 'are never part of the statement'],
    ['store/query.test.ts', 'come back as the value that they were, whatever it is'],
  ],
  'a retry goes to the configured gateway only': [
    ['retry/build-replay.test.ts', 'goes to the configured gateway with the stored path'],
    ['retry/gateway-address.test.ts', 'is refused when one of its addresses is, as a rebinding name has'],
    ['retry/retries.test.ts', 'follows no redirect'],
  ],
  'a retry is sent once, within a limit': [
    ['retry/retries.test.ts', 'for two clicks at one time'],
    ['retry/retries.test.ts', 'for two calls with the same Idempotency-Key'],
    ['retry/retries.test.ts', 'when the hour is used up, force or not'],
  ],
  'no header can begin another one': [
    ['retry/build-replay.test.ts', 'those that would begin another header'],
    ['security/controls.test.ts', 'lets no value of a request begin a header of its answer'],
  ],
  'CSV of RFC 4180, formulas as text': [['api/export.test.ts', 'a CSV export']],
  'logs are one line of JSON an entry': [
    ['security/controls.test.ts', 'writes one line of JSON an entry'],
    ['audit/audit-log.test.ts', 'one line an entry whatever is in it'],
  ],
  'names such as __proto__ are names like any other': [
    ['security/controls.test.ts', 'keeps attributes that are called as members of objects are'],
  ],
  'deadlines and bounds of connections': [
    ['security/controls.test.ts', 'waits less long for clients than Node does'],
    ['receiver/overload.test.ts', 'cuts off clients that do not send their request within the deadline'],
    ['receiver/overload.test.ts', 'drops connections over the limit and counts them'],
  ],
  'an audit log that only grows, without secrets': [
    ['audit/audit-log.test.ts', 'only grows'],
    ['audit/audit-log.test.ts', 'notes starts, exports and refusals, no reading, and never a secret'],
  ],
  'hostile protobuf is refused fast': [['selection/hostile.test.ts', 'hostile protobuf is refused fast']],
  'no secret on disk, in logs or in answers': [
    ['security/canary.test.ts', 'are in no answer of any route'],
    ['security/canary.test.ts', 'are in no file and no line of output'],
  ],
  'limits of attributes': [['security/controls.test.ts', 'keeps as much of an event as it may']],
  'no stack in an answer': [['security/controls.test.ts', 'tells nothing of an unexpected failure']],
}

const testDirectory = new URL('..', import.meta.url)

describe.each(Object.entries(controls))('%s', (_, shownBy) => {
  it.each(shownBy)('is shown in %s: %s', (file, title) => {
    expect(readFileSync(new URL(file, testDirectory), 'utf8')).toContain(title)
  })
})

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let sidecar: Sidecar
let apiUrl: string
let lines = ''

beforeAll(async () => {
  directory = await temporaryDirectory()
  const log = new Writable({
    write(chunk, _encoding, done) {
      lines += chunk
      done()
    },
  })
  sidecar = await startSidecar(testConfig(directory.path), 'test', pino({ level: 'trace' }, log))
  apiUrl = `http://127.0.0.1:${sidecar.apiPort}`
})
afterAll(async () => {
  await sidecar.stop()
  await directory.remove()
})

const send = (attributes: Record<string, string>) =>
  post(`http://127.0.0.1:${sidecar.otlpPort}/v1/traces`, traceExport([upstreamError(attributes)]))

async function stored(id: string): Promise<string> {
  const { events } = await eventually(async () => {
    const found = await json<{ events: { event_id: string }[] }>(
      fetch(`${apiUrl}/api/v1/upstream-errors?request_id=${id}`),
    )
    expect(found.events).toHaveLength(1)
    return found
  })
  return (await fetch(`${apiUrl}/api/v1/upstream-errors/${events[0]?.event_id}`)).text()
}

describe('the sidecar', () => {
  it('binds loopback unless it is told otherwise', () => {
    expect(testConfig('x')).toMatchObject({ otlpHost: '127.0.0.1', apiHost: '127.0.0.1' })
  })

  it('answers 401 to tokens of any length', () => {
    const check = createCheckAccess([{ name: 'a', sha256: '0'.repeat(64), scopes: ['read'] }])
    for (const length of [0, 1, 31, 32, 33, 64, 10_000])
      expect(check(`Bearer ${'x'.repeat(length)}`, 'read')).toEqual({ status: 'unauthenticated' })
  })

  it('writes one line of JSON an entry, whatever is asked', async () => {
    const hostile = '%0A%7B%22level%22:60,%22msg%22:%22forged%22%7D%0D%1B%5B31mred'
    await fetch(`${apiUrl}/api/v1/upstream-errors/export?model=${hostile}`)
    await fetch(`${apiUrl}/api/v1/upstream-errors?fields=${hostile}`)
    await fetch(`${apiUrl}/${hostile}`)
    await post(`http://127.0.0.1:${sidecar.otlpPort}/v1/traces`, `{"${hostile}`)
    const entries = lines.trim().split('\n')
    expect(entries.length).toBeGreaterThan(0)
    for (const entry of entries) expect(JSON.parse(entry)).toBeTypeOf('object')
    expect(entries.some((entry) => (JSON.parse(entry) as { msg: string }).msg === 'forged')).toBe(false)
    expect(lines).not.toContain('\u001b')
  })

  it('lets no value of a request begin a header of its answer', async () => {
    const hostile = 'a%0D%0Ax-injected:%201'
    for (const path of [
      `/api/v1/upstream-errors/export?format=${hostile}`,
      `/api/v1/upstream-errors/export?format=csv&model=${hostile}`,
      `/api/v1/upstream-errors?cursor=${hostile}`,
      `/${hostile}`,
    ])
      expect([path, (await fetch(apiUrl + path)).headers.get('x-injected')]).toEqual([path, null])
  })

  it('keeps attributes that are called as members of objects are', async () => {
    const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']
    const attributes = Object.fromEntries(names.slice(1).map((name) => [name, `value of ${name}`]))
    const own = JSON.parse(`{"__proto__":"value of __proto__","polluted":"no"}`) as Record<string, string>
    expect((await send({ ...attributes, ...own, 'ops.request.id': 'prototype' })).status).toBe(200)
    const body = JSON.stringify(JSON.parse(await stored('prototype')))
    for (const name of names) expect(body).toContain(`"${name}":"value of ${name}"`)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
    expect((await fetch(`${apiUrl}/api/v1/upstream-errors?__proto__=x`)).status).toBe(400)
  })

  it('keeps as much of an event as it may, and says what it left out', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 1000 }, (_, index) => [`a${index}`, 'x'.repeat(20_000)]),
    )
    expect((await send({ ...many, 'ops.request.id': 'large' })).status).toBe(200)
    const { attributes } = JSON.parse(await stored('large')) as { attributes: Record<string, string> }
    expect(Object.keys(attributes)).toHaveLength(129)
    expect(Number(attributes['ops.dropped_attributes'])).toBeGreaterThan(800)
    for (const value of Object.values(attributes)) expect(value.length).toBeLessThanOrEqual(8192)
  })
})

describe('the API', () => {
  const parts = {
    reader: {
      run: () => Promise.reject(new Error('at /home/somebody/secret.ts: password=hunter2')),
      writeParquet: () => Promise.reject(new Error('no')),
    },
    storedBatches: createStoredBatches(),
    scratchDirectory: '/tmp/ops-sidecar-no-export',
    metrics: createMetrics(),
    readiness: async () => ({}),
    version: 'test',
    changeGroup: () => Promise.reject(new Error('no')),
    host: '127.0.0.1',
    checkAccess: createCheckAccess([]),
    log: pino({ level: 'silent' }),
  }

  it('tells nothing of an unexpected failure', async () => {
    const app = await buildApi(parts)
    const answer = await app.inject('/api/v1/upstream-errors')
    expect(answer.statusCode).toBe(500)
    expect(answer.json()).toMatchObject({ code: 'internal', detail: 'the request could not be answered' })
    expect(answer.payload).not.toMatch(/hunter2|\.ts|\bat \//)
    await app.close()
  })

  it('waits less long for clients than Node does', async () => {
    const app = await buildApi(parts)
    expect(app.server.requestTimeout).toBe(30_000)
    expect(app.server.headersTimeout).toBe(10_000)
    expect(app.server.keepAliveTimeout).toBe(65_000)
    expect(app.server.maxConnections).toBe(4096)
    await app.close()
  })
})
