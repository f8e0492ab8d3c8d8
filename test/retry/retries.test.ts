import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { json } from '../support/json.ts'
import { post } from '../support/otlp.ts'
import { startTestSidecar, type TestSidecar, temporaryDirectory } from '../support/sidecar.ts'
import { requestBody, requestErrorExport, storeRequestError } from './request-error.ts'
import { type RetryGateway, startRetryGateway } from './retry-gateway.ts'

const credential = 'retry-credential-4711'
const timeoutMs = 1500
const maxPerHour = 40
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let sidecar: TestSidecar
let gateway: RetryGateway

type Answer = Record<string, unknown>

function retry(id: string, body: object = { mode: 'client' }, headers: Record<string, string> = {}) {
  return post(`${sidecar.apiUrl}/api/v1/errors/${id}/retry`, body, headers)
}
const retriesOf = (id: string): Promise<Answer[]> =>
  json<Answer[]>(fetch(`${sidecar.apiUrl}/api/v1/errors/${id}/retries`))

beforeAll(async () => {
  directory = await temporaryDirectory()
  gateway = await startRetryGateway()
  const retryCredentialsFile = join(directory.path, 'credentials')
  writeFileSync(retryCredentialsFile, `# what lets retries in\nAuthorization: Bearer ${credential}\n`)
  sidecar = await startTestSidecar(directory.path, {
    retryGatewayUrl: gateway.url,
    retryCredentialsFile,
    retryAccountHeader: 'X-Account',
    retryTimeoutMs: timeoutMs,
    retryMaxPerHour: maxPerHour,
    retryMaxResponseBytes: 256 * 1024,
  })
})
beforeEach(() => {
  gateway.seen.length = 0
  gateway.answer = (response) => response.end('{"ok":true}')
})
afterAll(async () => {
  await sidecar.stop()
  await gateway.close()
  await directory.remove()
})

describe('a retry', () => {
  it('sends the stored request to the configured gateway, with its own credentials', async () => {
    const id = await storeRequestError(sidecar, { 'http.request.header.anthropic-version': '2023-06-01' })
    gateway.answer = (response) =>
      response.writeHead(200, { 'x-request-id': 'up-1', 'x-account': '18' }).end('{"ok":true}')
    const answer = await retry(id)
    expect(answer.status).toBe(200)
    const result = await json(answer)
    expect(result).toEqual({
      attempt_id: expect.any(String),
      mode: 'client',
      status: 'succeeded',
      pinned_account_id: null,
      used_account_id: '18',
      http_status_code: 200,
      upstream_request_id: 'up-1',
      response_preview: '{"ok":true}',
      response_truncated: false,
      error_message: null,
      started_at: expect.any(String),
      finished_at: expect.any(String),
      duration_ms: expect.any(Number),
    })
    expect(gateway.seen).toHaveLength(1)
    expect(gateway.seen[0]).toMatchObject({
      method: 'POST',
      url: '/v1/chat/completions',
      body: requestBody,
      headers: {
        host: `127.0.0.1:${gateway.port}`,
        authorization: `Bearer ${credential}`,
        'anthropic-version': '2023-06-01',
        'content-type': 'application/json',
      },
    })
    expect(gateway.seen[0]?.headers).not.toHaveProperty('x-account')
    expect(await retriesOf(id)).toEqual([
      {
        ...result,
        attempt_id: undefined,
        id: result.attempt_id,
        created_at: expect.any(String),
        requested_by_user_id: null,
        source_error_id: id,
        result_request_id: null,
        result_error_id: null,
      },
    ])
  })

  it('is pinned to the account asked for, or to that of the error', async () => {
    const id = await storeRequestError(sidecar)
    expect(await json(retry(id, { mode: 'upstream' }))).toMatchObject({ pinned_account_id: '17' })
    const pinned = { mode: 'upstream', pinned_account_id: '99', force: true }
    expect(await json(retry(id, pinned))).toMatchObject({ mode: 'upstream', pinned_account_id: '99' })
    expect(gateway.seen.map(({ headers }) => headers['x-account'])).toEqual(['17', '99'])
  })

  it('that fails again is linked to the record that the gateway made of it', async () => {
    const id = await storeRequestError(sidecar)
    gateway.answer = async (response, { headers }) => {
      const record = requestErrorExport({
        'ops.request.id': 'again',
        'ops.client_request.id': String(headers['x-client-request-id']),
        'ops.account.id': '21',
      })
      await post(`${sidecar.otlpUrl}/v1/traces`, record)
      response.writeHead(429, { 'content-type': 'application/json' })
      response.end('{"error":{"message":"Rate limit reached, try again in 20s","type":"rate_limit"}}')
    }
    expect(await json(retry(id))).toMatchObject({
      status: 'failed',
      http_status_code: 429,
      error_message: 'Rate limit reached, try again in 20s',
    })
    const [attempt] = await eventually(async () => {
      const found = await retriesOf(id)
      expect(found).toMatchObject([{ result_request_id: 'again' }])
      return found
    })
    const error = await json(fetch(`${sidecar.apiUrl}/api/v1/errors/${attempt?.result_error_id}`))
    expect(error).toMatchObject({ request_id: 'again' })
    expect(attempt).toMatchObject({ used_account_id: '21' })
  })

  it('fails when the gateway does not answer in time, and when it breaks off', async () => {
    const slow = await storeRequestError(sidecar)
    gateway.answer = () => {}
    expect(await json(retry(slow))).toMatchObject({
      status: 'failed',
      http_status_code: 0,
      error_message: 'no whole answer within 1.5 s',
    })
    const broken = await storeRequestError(sidecar)
    gateway.answer = (response) => {
      response.write('begun')
      setTimeout(() => response.destroy(), 50)
    }
    expect(await json(retry(broken))).toMatchObject({
      status: 'failed',
      http_status_code: 200,
      response_preview: 'begun',
      error_message: expect.stringContaining('after 5 bytes of the answer'),
    })
    const stuck = await storeRequestError(sidecar)
    gateway.answer = (response) => response.write('data: {"a":1}\n\n')
    expect(await json(retry(stuck))).toMatchObject({
      status: 'failed',
      error_message: 'no whole answer within 1.5 s after 15 bytes of the answer',
    })
  })

  it('reads a huge answer up to its limit, and keeps a preview of it', async () => {
    const id = await storeRequestError(sidecar)
    let sent = 0
    gateway.answer = async (response) => {
      const piece = 'x'.repeat(16_384)
      while (!response.destroyed && sent < 64 * 2 ** 20) {
        sent += piece.length
        if (!response.write(piece))
          await Promise.race([new Promise((r) => response.once('drain', r)), sleep(500)])
      }
      response.end()
    }
    const result = await json<{ response_preview: string }>(retry(id))
    expect(result).toMatchObject({ status: 'succeeded', response_truncated: true })
    expect(result.response_preview).toBe('x'.repeat(8192))
    // What the sockets hold between them is sent beyond the limit.
    expect(sent).toBeLessThan(32 * 2 ** 20)
  })

  it('reads a stream to its end, and finds the error that it ends with', async () => {
    const stream = (last: string) => async (response: import('node:http').ServerResponse) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      for (let index = 0; index < 400; index++) {
        response.write(`data: {"choices":[{"delta":{"content":"word ${index}"}}]}\n\n`)
        if (index % 100 === 0) await sleep(5)
      }
      response.end(last)
    }
    const good = await storeRequestError(sidecar)
    gateway.answer = stream('data: [DONE]\n\n')
    expect(await json(retry(good))).toMatchObject({ status: 'succeeded', response_truncated: true })
    const bad = await storeRequestError(sidecar)
    gateway.answer = stream(
      'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n',
    )
    expect(await json(retry(bad))).toMatchObject({
      status: 'failed',
      http_status_code: 200,
      error_message: 'Overloaded',
    })
  })

  it('keeps no secret of an answer, neither a known form nor what it was sent itself', async () => {
    const id = await storeRequestError(sidecar)
    const key = `sk-ant-api03-${'abcDEF123'.repeat(10)}`
    gateway.answer = (response) =>
      response.writeHead(500).end(`{"error":{"message":"${key} and ${credential} failed"}}`)
    const result = await (await retry(id)).text()
    const listed = await (await fetch(`${sidecar.apiUrl}/api/v1/errors/${id}/retries`)).text()
    for (const text of [result, listed]) {
      expect(text).toContain('[REDACTED:')
      expect(text).not.toContain(credential)
      expect(text).not.toContain('abcDEF123')
    }
  })

  it('follows no redirect', async () => {
    const id = await storeRequestError(sidecar)
    gateway.answer = (response) => response.writeHead(307, { location: `${gateway.url}/v1/elsewhere` }).end()
    expect(await json(retry(id))).toMatchObject({
      status: 'failed',
      http_status_code: 307,
      error_message: expect.stringContaining('redirects are not followed'),
    })
    expect(gateway.seen).toHaveLength(1)
  })
})

describe('a retry is sent once', () => {
  it('for two clicks at one time', async () => {
    const id = await storeRequestError(sidecar)
    gateway.answer = async (response) => {
      await sleep(200)
      response.end('{}')
    }
    const answers = await Promise.all([retry(id), retry(id)])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
    const refused = answers.find(({ status }) => status === 409)
    expect(await refused?.json()).toMatchObject({ code: 'retry_running' })
    expect(refused?.headers.get('retry-after')).toBe('5')
    expect(gateway.seen).toHaveLength(1)
    expect(await retriesOf(id)).toHaveLength(1)
  })

  it('for two calls with the same Idempotency-Key, while it runs and afterwards', async () => {
    const id = await storeRequestError(sidecar)
    gateway.answer = async (response) => {
      await sleep(200)
      response.end('{"n":1}')
    }
    const key = { 'idempotency-key': randomUUID() }
    const calls = [retry(id, { mode: 'client' }, key), retry(id, { mode: 'client' }, key)]
    const [first, second] = await Promise.all(calls.map((call) => json(call)))
    expect(second).toEqual(first)
    expect(await json(retry(id, { mode: 'client', force: true }, key))).toEqual(first)
    expect(gateway.seen).toHaveLength(1)
    const other = await retry(id, { mode: 'upstream' }, key)
    expect(other.status).toBe(422)
    expect(await other.json()).toMatchObject({ code: 'idempotency_key_reused' })
  })

  it('within 10 s, unless it is forced', async () => {
    const id = await storeRequestError(sidecar)
    await retry(id)
    const soon = await retry(id)
    expect(soon.status).toBe(429)
    expect(await soon.json()).toMatchObject({ code: 'retry_too_soon' })
    expect(Number(soon.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await retry(id, { mode: 'client', force: true })).status).toBe(200)
    expect(gateway.seen).toHaveLength(2)
  })
})

describe('a retry is refused, and nothing is sent', () => {
  it.each([
    ['retry_body_missing', { 'http.request.body.content': '' }],
    ['retry_body_truncated', { 'ops.request.body_truncated': true }],
    ['retry_body_truncated', { 'http.request.body.content': `{"a":"${'b '.repeat(20_000)}"}` }],
    ['retry_body_redacted', { 'http.request.body.content': `{"key":"sk-proj-${'abcDEF123'.repeat(6)}"}` }],
    ['retry_path_refused', { 'ops.request.path': '//evil.example/v1/x' }],
    ['retry_path_refused', { 'ops.request.path': '/v1/a\r\nHost: evil.example' }],
    ['retry_path_refused', { 'ops.request.path': '/admin/accounts' }],
  ])('with %s', async (code, attributes) => {
    const answer = await retry(await storeRequestError(sidecar, attributes))
    expect([answer.status, await answer.json()]).toMatchObject([422, { code }])
    expect(gateway.seen).toEqual([])
  })

  it.each([
    [{ mode: 'other' }, 'mode'],
    [{}, ''],
    [{ mode: 'client', pinned_account_id: '1' }, 'pinned_account_id'],
    [{ mode: 'upstream', pinned_account_id: '1\r\nx-admin: 1' }, 'pinned_account_id'],
    [{ mode: 'client', url: 'http://evil.example' }, 'url'],
  ])('for the body %j', async (body, parameter) => {
    const answer = await retry(await storeRequestError(sidecar), body)
    expect(answer.status).toBe(400)
    if (parameter !== '') expect(await answer.json()).toMatchObject({ parameter })
    expect(gateway.seen).toEqual([])
  })

  it('for an error that is not there', async () => {
    expect((await retry(randomUUID())).status).toBe(404)
    expect((await fetch(`${sidecar.apiUrl}/api/v1/errors/${randomUUID()}/retries`)).status).toBe(404)
  })

  it('when the hour is used up, force or not', async () => {
    const id = await storeRequestError(sidecar)
    const forced = { mode: 'client', force: true }
    let last = await retry(id, forced)
    for (let count = 0; count < maxPerHour && last.status === 200; count++) last = await retry(id, forced)
    expect(last.status).toBe(429)
    expect(await last.json()).toMatchObject({ code: 'retry_limit_reached' })
    const sent = await fetch(`${sidecar.apiUrl}/metrics`).then((answer) => answer.text())
    const counts = [...sent.matchAll(/^ops_retries_total\{.*\} (\d+)$/gm)].map(([, count]) => Number(count))
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(maxPerHour)
  })
})
