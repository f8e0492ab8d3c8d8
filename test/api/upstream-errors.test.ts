import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { json } from '../support/json.ts'
import { post, traceExport, upstreamError } from '../support/otlp.ts'
import { startTestSidecar, type TestSidecar, temporaryDirectory } from '../support/sidecar.ts'

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let sidecar: TestSidecar
const nowMs = Date.now()

interface Listed {
  events: {
    event_id: string
    request_id: string
    created_at: string
    status_code: number
    model: string | null
  }[]
  next_cursor: string | null
}

async function list(query: string): Promise<Listed> {
  const answer = await fetch(`${sidecar.apiUrl}/api/v1/upstream-errors?${query}`)
  expect(answer.status).toBe(200)
  return (await answer.json()) as Listed
}

const requestIds = (page: Listed): string[] => page.events.map((event) => event.request_id)

beforeAll(async () => {
  directory = await temporaryDirectory()
  sidecar = await startTestSidecar(directory.path)
  const spans = Array.from({ length: 25 }, (_, index) =>
    upstreamError(
      {
        'ops.request.id': `r${String(index).padStart(2, '0')}`,
        'gen_ai.provider.name': index % 2 === 0 ? 'openai' : 'anthropic',
        'gen_ai.request.model': index % 2 === 0 ? 'gpt-5' : 'claude-opus-4-6',
        'http.response.status_code': index % 5 === 0 ? 503 : 429,
        'ops.account.id': String(index % 3),
        'ops.group.id': index < 10 ? 'small' : 'large',
        ...(index === 24 ? { 'ops.upstream.error.kind': 'failover' } : {}),
      },
      // Three events share each millisecond, so that the order within one matters.
      nowMs - 60_000 + Math.floor(index / 3),
    ),
  )
  const answer = await post(`${sidecar.otlpUrl}/v1/traces`, traceExport(spans))
  expect(answer.status).toBe(200)
  await eventually(async () => expect((await list('limit=100')).events).toHaveLength(25))
})
afterAll(async () => {
  await sidecar.stop()
  await directory.remove()
})

describe('GET /api/v1/upstream-errors', () => {
  it('lists the last hour newest first by default', async () => {
    const { events, next_cursor } = await list('limit=100')
    const times = events.map((event) => Date.parse(event.created_at))
    expect(times).toEqual(times.toSorted((a, b) => b - a))
    expect(next_cursor).toBeNull()
  })

  it('walks pages by cursor without skipping or repeating, also within one millisecond', async () => {
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const page: Listed = await list(`limit=4${cursor ? `&cursor=${cursor}` : ''}`)
      seen.push(...requestIds(page))
      cursor = page.next_cursor
    } while (cursor !== null)
    expect(seen.toSorted()).toEqual(
      Array.from({ length: 25 }, (_, index) => `r${String(index).padStart(2, '0')}`),
    )
  })

  it.each([
    ['platform=openai', 13],
    ['model=claude-opus-4-6', 12],
    ['status_code=503', 5],
    ['account_id=1', 8],
    ['group_id=small', 10],
    ['request_id=r07', 1],
    ['kind=failover', 1],
    ['platform=openai&status_code=503', 3],
    ['trace_id=00000000000000000000000000000000', 0],
  ])('filters by %s', async (query, count) => {
    expect((await list(`limit=100&${query}`)).events).toHaveLength(count)
  })

  it('takes from as inclusive and to as exclusive', async () => {
    const edge = new Date(nowMs - 60_000 + 3).toISOString()
    const before = await list(`limit=100&from=now-1h&to=${edge}`)
    const after = await list(`limit=100&from=${edge}`)
    expect(before.events.length).toBe(9)
    expect(after.events.length).toBe(16)
  })

  it.each([
    ['limit=0', 'limit'],
    ['limit=1001', 'limit'],
    ['status_code=abc', 'status_code'],
    ['colour=red', 'colour'],
    ['from=yesterday', 'from'],
    ['from=2026-01-01', 'from'],
    ['to=now-2h', 'from'],
    ['kind=odd', 'kind'],
    ['trace_id=xyz', 'trace_id'],
    ['cursor=nonsense', 'cursor'],
    ['limit=1&limit=2', 'limit'],
  ])('answers 400 naming the parameter for %s', async (query, parameter) => {
    const answer = await fetch(`${sidecar.apiUrl}/api/v1/upstream-errors?${query}`)
    expect(answer.status).toBe(400)
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
    const problem = await json(answer)
    expect(problem).toMatchObject({ status: 400, parameter })
    expect(['invalid_parameter', 'invalid_cursor']).toContain(problem.code)
  })

  it('refuses a cursor of other filters', async () => {
    const { next_cursor } = await list('limit=2&platform=openai')
    const answer = await fetch(
      `${sidecar.apiUrl}/api/v1/upstream-errors?limit=2&platform=gemini&cursor=${next_cursor}`,
    )
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ code: 'invalid_cursor' })
  })

  it.each(["'; DROP TABLE ops_upstream_error_events --", '{platform:String}', '\\', "a' OR '1'='1"])(
    'treats %j as a value',
    async (value) => {
      expect((await list(`platform=${encodeURIComponent(value)}`)).events).toEqual([])
      expect((await list('limit=100')).events).toHaveLength(25)
    },
  )
})

describe('GET /api/v1/upstream-errors/{event_id}', () => {
  it('answers 404 with a problem for an unknown id and 400 for what is no id', async () => {
    const unknown = await fetch(
      `${sidecar.apiUrl}/api/v1/upstream-errors/00000000-0000-8000-8000-000000000000`,
    )
    expect(unknown.status).toBe(404)
    expect(await unknown.json()).toMatchObject({ code: 'not_found', status: 404 })
    expect((await fetch(`${sidecar.apiUrl}/api/v1/upstream-errors/7`)).status).toBe(400)
  })
})

describe('the API', () => {
  it('answers 404 for unknown routes and 405 with Allow for wrong methods', async () => {
    expect((await fetch(`${sidecar.apiUrl}/api/v1/nothing`)).status).toBe(404)
    const wrong = await fetch(`${sidecar.apiUrl}/api/v1/upstream-errors`, { method: 'DELETE' })
    expect(wrong.status).toBe(405)
    expect(wrong.headers.get('allow')).toBe('GET, HEAD')
  })

  it('tells health, readiness and metrics', async () => {
    expect(await (await fetch(`${sidecar.apiUrl}/healthz`)).json()).toEqual({ status: 'ok' })
    const ready = await fetch(`${sidecar.apiUrl}/readyz`)
    expect(ready.status).toBe(200)
    expect(await ready.json()).toMatchObject({
      status: 'ready',
      checks: { store: { ok: true, reason: null } },
    })
    const metrics = await (await fetch(`${sidecar.apiUrl}/metrics`)).text()
    expect(metrics).toContain('ops_events_stored_total{signal="traces"} 25')
    expect(metrics).toContain('ops_events_pending{signal="traces"} 0')
  })

  it('describes itself in OpenAPI 3.1', async () => {
    const document = await json<{ openapi: string; paths: Record<string, object> }>(
      fetch(`${sidecar.apiUrl}/api/openapi.json`),
    )
    expect(document.openapi).toBe('3.1.0')
    expect(Object.keys(document.paths)).toContain('/api/v1/upstream-errors')
    expect(Object.keys(document.paths['/api/v1/upstream-errors'] ?? {})).toEqual(['get'])
  })
})
