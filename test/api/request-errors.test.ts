import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { json } from '../support/json.ts'
import { post, span, traceExport } from '../support/otlp.ts'
import { startTestSidecar, type TestSidecar, temporaryDirectory } from '../support/sidecar.ts'

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let sidecar: TestSidecar
const nowMs = Date.now()
const count = 30

interface Listed {
  readonly errors: { id: string; request_id: string; created_at: string }[]
  readonly total: number
  readonly page: number
  readonly next_cursor: string | null
}

const list = (query: string): Promise<Listed> =>
  json<Listed>(fetch(`${sidecar.apiUrl}/api/v1/errors?${query}`))

function record(index: number): unknown {
  return span({
    kind: 2,
    startMs: nowMs - 60_000,
    endMs: nowMs - 60_000 + 250,
    events: [
      {
        name: 'ops.request_error',
        timeMs: nowMs - 60_000 + index,
        attributes: {
          'ops.request.id': `r${index}`,
          'ops.client_request.id': `c${index}`,
          'gen_ai.provider.name': index % 2 === 0 ? 'openai' : 'gemini',
          'http.response.status_code': [502, 429, 401][index % 3] ?? 0,
          'ops.account.id': String(index % 4),
          'ops.group.id': 'g1',
          'ops.error.message': index === 7 ? 'No capacity left for Tokyo' : 'Upstream failed',
          'ops.error.body': '{"error":{"message":"Bearer abcdefghijklmnop.qrstuvwxyz0123456789"}}',
          'ops.request.path': `/v1/messages?key=AIza${'x'.repeat(35)}`,
          'ops.latency.auth_ms': 0,
          'ops.latency.routing_ms': 3,
        },
      },
    ],
  })
}

beforeAll(async () => {
  directory = await temporaryDirectory()
  sidecar = await startTestSidecar(directory.path)
  const spans = Array.from({ length: count }, (_, index) => record(index))
  expect((await post(`${sidecar.otlpUrl}/v1/traces`, traceExport(spans))).status).toBe(200)
  await eventually(async () => expect((await list('page_size=1')).total).toBe(count))
})
afterAll(async () => {
  await sidecar.stop()
  await directory.remove()
})

describe('GET /api/v1/errors', () => {
  it('pages by number, newest first, with the total', async () => {
    const second = await list('page=2&page_size=12')
    expect(second).toMatchObject({ total: count, page: 2, page_size: 12 })
    expect(second.errors.map((error) => error.request_id)).toEqual(
      Array.from({ length: 12 }, (_, index) => `r${17 - index}`),
    )
    expect((await list('page=4&page_size=12')).errors).toEqual([])
  })

  it('walks by cursor to the end without skipping or repeating', async () => {
    const seen: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const page: Listed = await list(`page_size=7${cursor === '' ? '' : `&cursor=${cursor}`}`)
      seen.push(...page.errors.map((error) => error.request_id))
      cursor = page.next_cursor
    }
    expect(seen).toEqual(Array.from({ length: count }, (_, index) => `r${count - 1 - index}`))
  })

  it.each([
    ['platform=gemini', 15],
    ['account_id=3', 7],
    ['group_id=g1', count],
    ['group_id=g2', 0],
    ['status_codes=502', 10],
    ['status_codes=502,429', 20],
    ['status_codes=502&status_codes=401', 20],
    ['phase=auth', 10],
    ['phase=internal', 10],
    ['query=tokyo', 1],
    ['query=capacity%20NO', 1],
    ['query=toky', 0],
    ['platform=openai&status_codes=429&account_id=0', 3],
    [`end_time=${new Date(nowMs - 60_000 + 10).toISOString()}`, 10],
    [`start_time=${new Date(nowMs - 60_000 + 10).toISOString()}`, 20],
  ])('filters by %s, and counts the same', async (query, expected) => {
    const found = await list(`page_size=500&${query}`)
    expect([found.errors.length, found.total]).toEqual([expected, expected])
  })

  it.each([
    ['start_time=soon', 'start_time'],
    ['end_time=now-3h', 'start_time'],
    ['status_codes=abc', 'status_codes'],
    ['page=0', 'page'],
    ['page=1000&page_size=500', 'page'],
    ['page_size=501', 'page_size'],
    ['from=now-1h', 'from'],
    ['cursor=x', 'cursor'],
  ])('answers 400 naming the parameter for %s', async (query, parameter) => {
    const answer = await fetch(`${sidecar.apiUrl}/api/v1/errors?${query}`)
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ parameter })
  })
})

describe('GET /api/v1/errors/{id}', () => {
  it('answers every field of the detail, classified, without secrets', async () => {
    const { errors } = await list('query=tokyo')
    const detail = await json(fetch(`${sidecar.apiUrl}/api/v1/errors/${errors[0]?.id}`))
    expect(detail).toMatchObject({
      id: errors[0]?.id,
      request_id: 'r7',
      client_request_id: 'c7',
      phase: 'request',
      type: 'rate_limit_error',
      severity: 'P2',
      status_code: 429,
      platform: 'gemini',
      latency_ms: 250,
      message: 'No capacity left for Tokyo',
      auth_latency_ms: 0,
      routing_latency_ms: 3,
      upstream_latency_ms: null,
      time_to_first_token_ms: null,
      upstream_status_code: null,
      is_business_limited: true,
      request_body: null,
      request_body_truncated: false,
      upstream_errors: '[]',
      upstream_error_events: [],
    })
    expect(JSON.stringify(detail)).not.toMatch(/abcdefghijklmnop|AIzax/)
    expect(detail.request_path).toContain('/v1/messages?key=[REDACTED')
  })

  it('answers 404 for an unknown id and 400 for what is none', async () => {
    expect((await fetch(`${sidecar.apiUrl}/api/v1/errors/00000000-0000-8000-8000-000000000000`)).status).toBe(
      404,
    )
    expect((await fetch(`${sidecar.apiUrl}/api/v1/errors/7`)).status).toBe(400)
  })
})
