import { randomUUID } from 'node:crypto'
import pino from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createDecodeExport } from '../../src/decoding/decode-export.ts'
import { toBatch } from '../../src/delivery/freeze-cycle.ts'
import { uuidText } from '../../src/event/row-binary.ts'
import { eventIdOf } from '../../src/event/tables.ts'
import { createMetrics } from '../../src/metrics/metrics.ts'
import { createConfiguredRedactor, defaultRedaction } from '../../src/redaction/redaction-settings.ts'
import { type LookUp, readNetworks } from '../../src/retry/gateway-address.ts'
import { failInterrupted } from '../../src/retry/interrupted.ts'
import { createRetries, type Retries } from '../../src/retry/retry-error.ts'
import { createStoreReader, type RunQuery } from '../../src/store/query.ts'
import { attemptVersions, createRetryAttempts, type RetryAttempts } from '../../src/store/retry-attempts.ts'
import { eventually } from '../support/eventually.ts'
import { openTestStore, type TestStore } from '../support/store.ts'
import { requestErrorExport } from './request-error.ts'
import { type RetryGateway, startRetryGateway } from './retry-gateway.ts'

let store: TestStore
let gateway: RetryGateway
let run: RunQuery
let attempts: RetryAttempts
const decode = createDecodeExport({
  exceptionEvents: true,
  derivedRequestErrors: true,
  maxAgeMs: 86_400_000,
  bodyMaxBytes: 16_384,
  redaction: defaultRedaction,
})

beforeAll(async () => {
  store = await openTestStore()
  gateway = await startRetryGateway()
  run = createStoreReader(store.clients, { timeoutMs: 10_000, maxMemoryBytes: 2 ** 29 }).run
  attempts = createRetryAttempts(store.clients, run)
})
beforeEach(() => {
  gateway.seen.length = 0
  gateway.answer = (response) => response.end('{}')
})
afterAll(async () => {
  await gateway.close()
  await store.close()
})

async function storeError(): Promise<string> {
  const body = Buffer.from(JSON.stringify(requestErrorExport({ 'ops.request.id': randomUUID() })))
  const { rows } = decode('traces', 'json', body, false)
  const result = await store.delivery.insert(toBatch(randomUUID(), rows), randomUUID())
  expect(result).toEqual({ status: 'stored' })
  return uuidText(eventIdOf(rows[0] ?? { bytes: new Uint8Array(16) }))
}

/** What retries in one of several sidecars of the store. */
function replica(
  hostname: string,
  lookUp: LookUp,
  networks: readonly string[] = [],
  related = attempts.related,
): Retries {
  return createRetries({
    settings: {
      gateway: new URL(`http://${hostname}:${gateway.port}`),
      networks: readNetworks(networks),
      credentialsFile: '',
      accountHeader: '',
      paths: ['/v1/'],
      maxPerHour: 1000,
      timeoutMs: 5000,
      maxResponseBytes: 2 ** 20,
    },
    attempts: { ...attempts, related },
    redactor: createConfiguredRedactor(defaultRedaction),
    lookUp,
    owner: randomUUID(),
    metrics: createMetrics(),
    log: pino({ level: 'silent' }),
  })
}

const request = (errorId: string, idempotencyKey = '') => ({
  errorId,
  mode: 'client' as const,
  pinnedAccountId: undefined,
  force: false,
  idempotencyKey,
  requestedBy: '',
})
const loopback: LookUp = async () => [{ address: '127.0.0.1', family: 4 }]

describe('several sidecars on one store', () => {
  it('send a retry at most once when they are asked at the same moment', async () => {
    const replicas = [1, 2, 3].map(() => replica('localhost', loopback))
    for (let round = 0; round < 5; round++) {
      const id = await storeError()
      gateway.seen.length = 0
      const ended = await Promise.allSettled(replicas.map(({ retry }) => retry(request(id), run)))
      const sent = ended.filter(({ status }) => status === 'fulfilled').length
      expect(gateway.seen).toHaveLength(sent)
      expect(sent).toBeLessThanOrEqual(1)
      for (const outcome of ended)
        if (outcome.status === 'rejected') expect(outcome.reason.code).toMatch(/^retry_(running|too_soon)$/)
    }
  })

  it('answer the same Idempotency-Key with the same attempt', async () => {
    const id = await storeError()
    const first = await replica('localhost', loopback).retry(request(id, 'key'), run)
    const second = await replica('localhost', loopback).retry(request(id, 'key'), run)
    expect(second).toEqual(first)
  })

  it('answer with the attempt that ends while it is looked for', async () => {
    const id = await storeError()
    let answerNow = (): void => {}
    const mayAnswer = new Promise<void>((resolve) => {
      answerNow = resolve
    })
    gateway.answer = async (response) => {
      await mayAnswer
      response.end('{}')
    }
    let ended: Promise<unknown> | undefined
    let staleReads = 0
    const { retry } = replica('localhost', loopback, [], async (...query) => {
      const found = await attempts.related(...query)
      if (ended !== undefined && found.some(({ status }) => status === 'running')) {
        staleReads++
        answerNow()
        await ended
      }
      return found
    })
    const first = retry(request(id, 'while it ends'), run)
    await eventually(async () => expect(gateway.seen.length).toBeGreaterThan(0))
    ended = first
    expect(await retry(request(id, 'while it ends'), run)).toEqual(await first)
    expect(staleReads).toBe(1)
  })

  it('leave attempts of others alone until their deadline', async () => {
    const nowMs = Date.now()
    const owner = randomUUID()
    const errorId = randomUUID()
    const base = {
      created_at: nowMs - 1000,
      requested_by_user_id: '',
      source_error_id: errorId,
      mode: 'client',
      pinned_account_id: '',
      idempotency_key: '',
      status: 'running',
      started_at: nowMs - 900,
      finished_at: 0,
      used_account_id: '',
      http_status_code: 0,
      upstream_request_id: '',
      response_preview: '',
      response_truncated: false,
      error_message: '',
    } as const
    const ours = { ...base, id: randomUUID(), owner, deadline_at: nowMs + 60_000 }
    const living = { ...base, id: randomUUID(), owner: 'other', deadline_at: nowMs + 60_000 }
    const gone = { ...base, id: randomUUID(), owner: 'other', deadline_at: nowMs - 1 }
    for (const attempt of [ours, living, gone]) await attempts.put(attempt, attemptVersions.running)
    await failInterrupted(attempts, owner, nowMs)
    const stateOf = async () => {
      const found = await attempts.related(errorId, nowMs + 1e6, '')
      return Object.fromEntries(found.map(({ id, status }) => [id, status]))
    }
    expect(await stateOf()).toEqual({ [ours.id]: 'failed', [living.id]: 'running', [gone.id]: 'failed' })
    // One that was believed dead, and was not, has the last word.
    await attempts.put({ ...gone, status: 'succeeded', finished_at: nowMs }, attemptVersions.ended)
    expect(await stateOf()).toMatchObject({ [gone.id]: 'succeeded' })
  })
})

describe('a name that is rebound', () => {
  it('is looked up once, and what it says afterwards is not followed', async () => {
    const answers = ['127.0.0.1', '169.254.169.254', '10.0.0.1']
    let lookups = 0
    const rebinding: LookUp = async () => [{ address: answers[lookups++] ?? '', family: 4 }]
    const { retry } = replica('gateway.example.com', rebinding, ['127.0.0.0/8'])
    gateway.seen.length = 0
    expect(await retry(request(await storeError()), run)).toMatchObject({ status: 'succeeded' })
    expect(lookups).toBe(1)
    expect(gateway.seen[0]?.headers.host).toBe(`gateway.example.com:${gateway.port}`)
    // The next retry looks it up again, and refuses what it finds.
    await expect(retry(request(await storeError()), run)).rejects.toMatchObject({
      code: 'retry_address_refused',
    })
    expect(gateway.seen).toHaveLength(1)
  })
})
