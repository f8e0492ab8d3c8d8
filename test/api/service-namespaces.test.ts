import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createToken } from '../../src/access/token.ts'
import { restrictedRoutes, routeScopes } from '../../src/api/route-scopes.ts'
import { eventually } from '../support/eventually.ts'
import { json } from '../support/json.ts'
import { post, span, traceExport } from '../support/otlp.ts'
import { startTestSidecar, type TestSidecar, temporaryDirectory } from '../support/sidecar.ts'

const teams = ['team-a', 'team-b'] as const
type Team = (typeof teams)[number]

/** Every scope, so that the namespaces are all that holds it back. */
const restricted = {
  'team-a': createToken('a', ['admin'], ['team-a']),
  'team-b': createToken('b', ['admin'], ['team-b']),
}
const unrestricted = createToken('all', ['admin'])
const events = { 'team-a': 3, 'team-b': 5 }
const atMs = Date.now() - 30 * 3_600_000
const range = 'from=now-3d&to=now'

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let sidecar: TestSidecar
/** Ids of one event and one request error of each team. */
const ids: Record<Team, { event: string; error: string }> = {
  'team-a': { event: '', error: '' },
  'team-b': { event: '', error: '' },
}

const headers = (token: string) => ({ authorization: `Bearer ${token}` })
const get = (path: string, token: string) => fetch(sidecar.apiUrl + path, { headers: headers(token) })
const other = (team: Team): Team => (team === 'team-a' ? 'team-b' : 'team-a')

/** The team's name is in every text; the ids of requests are those of the other team as well. */
function spansOf(team: Team, count: number, ms = atMs): unknown[] {
  return Array.from({ length: count }, (_, index) =>
    span({
      endMs: ms + index,
      events: [
        {
          timeMs: ms + index,
          attributes: {
            'ops.request.id': 'shared-request',
            'gen_ai.provider.name': 'openai',
            'gen_ai.request.model': `model of ${team}`,
            'http.response.status_code': 429,
            'ops.account.id': `account of ${team}`,
            'ops.upstream.retry_after_ms': 1000,
            'exception.message': `message of ${team}`,
            'http.response.body.content': `body of ${team}`,
          },
        },
        {
          name: 'ops.request_error',
          timeMs: ms + index,
          attributes: {
            'ops.request.id': 'shared-request',
            'http.response.status_code': 502,
            'ops.error.message': `final message of ${team}`,
          },
        },
      ],
    }),
  )
}

const send = (team: Team, spans: readonly unknown[], token = unrestricted.token) =>
  post(`${sidecar.otlpUrl}/v1/traces`, traceExport(spans, { 'service.namespace': team }), headers(token))

beforeAll(async () => {
  directory = await temporaryDirectory()
  const tokensFile = join(directory.path, 'tokens.json')
  const entries = [...Object.values(restricted), unrestricted].map(({ entry }) => entry)
  writeFileSync(tokensFile, JSON.stringify({ tokens: entries }))
  // Nothing is sent to the gateway: errors of another namespace are not found before.
  const retryGatewayUrl = 'http://127.0.0.1:9'
  sidecar = await startTestSidecar(directory.path, { tokensFile, retryGatewayUrl })
  for (const team of teams) expect((await send(team, spansOf(team, events[team]))).status).toBe(200)
  await eventually(async () => {
    const all = await json<{ count: number }>(
      get(`/api/v1/upstream-errors/count?${range}`, unrestricted.token),
    )
    expect(all.count).toBe(8)
    const errors = await json<{ total: number }>(get('/api/v1/errors?start_time=now-3d', unrestricted.token))
    expect(errors.total).toBe(8)
  })
  for (const team of teams) {
    const list = await json<{ events: { event_id: string }[] }>(
      get(`/api/v1/upstream-errors?${range}&service_namespace=${team}`, unrestricted.token),
    )
    const errors = await json<{ errors: { id: string; message: string }[] }>(
      get('/api/v1/errors?start_time=now-3d', unrestricted.token),
    )
    ids[team].event = list.events[0]?.event_id ?? ''
    ids[team].error = errors.errors.find(({ message }) => message.includes(team))?.id ?? ''
  }
})
afterAll(async () => {
  await sidecar.stop()
  await directory.remove()
})

/** What is asked of each route. */
const asked: Readonly<Record<string, (team: Team) => readonly string[]>> = {
  '/api/v1/upstream-errors': () => [
    `?${range}&fields=service_namespace,error_message,response_body`,
    `?${range}&service_namespace=team-a&service_namespace=team-b`,
    '?request_id=shared-request',
    `?${range}&q=body`,
  ],
  '/api/v1/upstream-errors/:event_id': (team) => [ids[team].event],
  '/api/v1/upstream-errors/count': () => [`?${range}`],
  '/api/v1/upstream-errors/histogram': () => [
    `?${range}&by=model`,
    `?${range}&by=account_id&bucket=1h`,
    `?${range}`,
  ],
  '/api/v1/upstream-errors/top': () => [
    `?${range}&dimension=account_id`,
    `?${range}&dimension=service_namespace`,
    `?${range}&dimension=platform`,
  ],
  '/api/v1/upstream-errors/groups': () => [`?${range}`],
  '/api/v1/upstream-errors/throttling': () => [`?${range}`],
  '/api/v1/upstream-errors/tail': () => ['?service_namespace=team-a&service_namespace=team-b'],
  '/api/v1/upstream-errors/export': () => [
    `?${range}&format=ndjson`,
    `?${range}&format=csv`,
    `?${range}&format=parquet`,
  ],
  '/api/v1/errors': () => ['?start_time=now-3d', '?start_time=now-3d&query=final'],
  '/api/v1/errors/:id': (team) => [ids[team].error],
  '/api/v1/errors/:id/retry': (team) => [ids[team].error],
  '/api/v1/errors/:id/retries': (team) => [ids[team].error],
  '/api/v1/requests/:request_id': () => ['shared-request'],
  '/api/v1/console-config': () => [''],
}

/** Questions whose answers name no team; their numbers are looked at below. */
const unnamed = /\/count|\/retr|console-config|\/histogram\?[^ ]*now$|dimension=platform/

const urlOf = (route: string, tail: string): string =>
  route.includes(':') ? route.replace(/:\w+/, tail) : route + tail

/** Text of an answer; of a stream without end, what comes while both teams send. */
async function textOf(route: string, path: string, token: string): Promise<string> {
  if (route !== '/api/v1/upstream-errors/tail')
    return Buffer.from(await (await get(path, token)).arrayBuffer()).toString('latin1')
  const leaving = new AbortController()
  const answer = await fetch(sidecar.apiUrl + path, { headers: headers(token), signal: leaving.signal })
  const reader = answer.body?.getReader()
  let text = ''
  const sending = (async () => {
    for (const team of [...teams, ...teams]) await send(team, spansOf(team, 1, Date.now()))
  })()
  while (text.split('event: upstream_error').length < 3) {
    const { value, done } = (await reader?.read()) ?? { done: true }
    if (done) break
    text += Buffer.from(value ?? []).toString('latin1')
  }
  await sending
  leaving.abort()
  return text
}

describe.each([...restrictedRoutes])('%s', (route) => {
  it.each(teams)('shows %s what is its own and nothing of the other', async (team) => {
    const paths = asked[route]?.(team)
    expect(paths, 'a route that is restricted to namespaces is asked here').toBeDefined()
    for (const tail of paths ?? []) {
      const path = urlOf(route, tail)
      const text = await textOf(route, path, restricted[team].token)
      expect(text).not.toContain(other(team))
      if (!unnamed.test(path)) expect(text, path).toContain(team)
    }
  })
})

describe('a token that is restricted to namespaces', () => {
  it('is refused by every route that does not know how to restrict its answer', async () => {
    const others = Object.entries(routeScopes).filter(
      ([route, access]) => access !== 'public' && !restrictedRoutes.has(route),
    )
    expect(others.map(([route]) => route)).toContain('/metrics')
    for (const [route] of others) {
      const answer = await get(route.replaceAll(/:\w+/g, ids['team-a'].event), restricted['team-a'].token)
      expect([route, answer.status]).toEqual([route, 403])
    }
  })

  it('counts only its own events, from the events instead of the rollups, and says so', async () => {
    for (const team of teams) {
      const { token } = restricted[team]
      const count = await json(get(`/api/v1/upstream-errors/count?from=${iso(-3)}&to=${iso(-1)}`, token))
      expect(count).toEqual({ count: events[team], source: 'raw' })
      const histogram = await json<{ source: string; buckets: { total: number }[] }>(
        get(`/api/v1/upstream-errors/histogram?from=${iso(-3)}&to=${iso(-1)}&bucket=1h`, token),
      )
      expect(histogram.source).toBe('raw')
      expect(histogram.buckets.reduce((sum, { total }) => sum + total, 0)).toBe(events[team])
      const groups = await json<{ groups: { count: number; is_new: boolean }[] }>(
        get(`/api/v1/upstream-errors/groups?from=${iso(-3)}&to=${iso(-1)}`, token),
      )
      expect(groups.groups.map((group) => group.count)).toEqual([events[team]])
      const errors = await json<{ total: number }>(
        get('/api/v1/errors?start_time=now-3d&end_time=now-1d', token),
      )
      expect(errors.total).toBe(events[team])
    }
    const all = await json(
      get(`/api/v1/upstream-errors/count?from=${iso(-3)}&to=${iso(-1)}`, unrestricted.token),
    )
    expect(all).toMatchObject({ count: 8, source: expect.not.stringContaining('raw') })
  })

  it('finds no single record of another namespace, as if there were none', async () => {
    const { token } = restricted['team-a']
    const foreign = ids['team-b']
    expect((await get(`/api/v1/upstream-errors/${foreign.event}`, token)).status).toBe(404)
    expect((await get(`/api/v1/errors/${foreign.error}`, token)).status).toBe(404)
    expect((await get(`/api/v1/errors/${foreign.error}/retries`, token)).status).toBe(404)
    const retry = `${sidecar.apiUrl}/api/v1/errors/${foreign.error}/retry`
    expect((await post(retry, { mode: 'client' }, headers(token))).status).toBe(404)
    const after = await get(`/api/v1/upstream-errors/export?${range}&after=${foreign.event}`, token)
    expect(await after.json()).toMatchObject({ code: 'invalid_parameter' })
  })

  it('gets nothing of another namespace through a cursor that an unrestricted token was given', async () => {
    const query = `${range}&limit=2&order=oldest`
    const { next_cursor } = await json<{ next_cursor: string }>(
      get(`/api/v1/upstream-errors?${query}`, unrestricted.token),
    )
    const answer = await get(
      `/api/v1/upstream-errors?${query}&cursor=${next_cursor}`,
      restricted['team-a'].token,
    )
    expect(await answer.text()).not.toContain('team-b')
  })

  it('is not answered 304 for what another token saw', async () => {
    const path = `/api/v1/upstream-errors/count?from=${iso(-3)}&to=${iso(-1)}`
    const first = await get(path, restricted['team-b'].token)
    expect(first.headers.get('vary')).toContain('authorization')
    expect(first.headers.get('cache-control')).toContain('private')
    const tag = { 'if-none-match': first.headers.get('etag') ?? '' }
    const again = await fetch(sidecar.apiUrl + path, {
      headers: { ...headers(restricted['team-a'].token), ...tag },
    })
    expect(again.status).toBe(200)
    expect(await again.json()).toMatchObject({ count: events['team-a'] })
  })

  it('stores no events of another namespace, and none without one; they are counted as rejected', async () => {
    const { token } = restricted['team-a']
    const before = (await json<{ count: number }>(get('/api/v1/upstream-errors/count', unrestricted.token)))
      .count
    const mixed = {
      resourceSpans: [
        ...(traceExport(spansOf('team-b', 1, Date.now()), { 'service.namespace': 'team-b' }) as Sent)
          .resourceSpans,
        ...(traceExport(spansOf('team-b', 1, Date.now())) as Sent).resourceSpans,
        ...(traceExport(spansOf('team-a', 1, Date.now()), { 'service.namespace': 'team-a' }) as Sent)
          .resourceSpans,
      ],
    }
    const answer = await post(`${sidecar.otlpUrl}/v1/traces`, mixed, headers(token))
    expect(await answer.json()).toMatchObject({
      partialSuccess: { rejectedSpans: '2', errorMessage: expect.stringContaining('foreign_namespace') },
    })
    await eventually(async () => {
      const now = await json<{ count: number }>(get('/api/v1/upstream-errors/count', unrestricted.token))
      expect(now.count).toBe(before + 1)
    })
    const metrics = await (await get('/metrics', unrestricted.token)).text()
    expect(metrics).toMatch(/rejected\w*\{[^}]*foreign_namespace[^}]*\} 4/)
  })
})

interface Sent {
  readonly resourceSpans: readonly unknown[]
}

/** A whole hour some days from now. */
function iso(days: number): string {
  const hourMs = 3_600_000
  return new Date(Math.floor((Date.now() + days * 24 * hourMs) / hourMs) * hourMs).toISOString()
}
