import { writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createToken, type Scope, scopes } from '../../src/access/token.ts'
import { routeScopes } from '../../src/api/route-scopes.ts'
import { json } from '../support/json.ts'
import { startTestSidecar, type TestSidecar, temporaryDirectory } from '../support/sidecar.ts'

const tokens = Object.fromEntries(scopes.map((scope) => [scope, createToken(scope, [scope])])) as Record<
  Scope,
  ReturnType<typeof createToken>
>
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let sidecar: TestSidecar

beforeAll(async () => {
  directory = await temporaryDirectory()
  const tokensFile = join(directory.path, 'tokens.json')
  writeFileSync(tokensFile, JSON.stringify({ tokens: Object.values(tokens).map(({ entry }) => entry) }))
  sidecar = await startTestSidecar(directory.path, { tokensFile })
})
afterAll(async () => {
  await sidecar.stop()
  await directory.remove()
})

/** The status of a GET; the answer itself, which may be a stream without end, is let go. */
async function statusOf(path: string, token?: string): Promise<number> {
  const leaving = new AbortController()
  const answer = await fetch(sidecar.apiUrl + path, {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    signal: leaving.signal,
  })
  leaving.abort()
  return answer.status
}

const pathOf = (route: string): string =>
  route
    .replace(':event_id', '00000000-0000-8000-8000-000000000000')
    .replace('/export', '/export?format=ndjson')

describe.each(Object.entries(routeScopes))('%s', (route, needed) => {
  it(`takes ${needed === 'public' ? 'anybody' : `scope ${needed}, or admin, and nobody else`}`, async () => {
    const isRefusal = (status: number) => status === 401 || status === 403
    expect(isRefusal(await statusOf(pathOf(route)))).toBe(needed !== 'public')
    for (const scope of scopes) {
      const allowed = needed === 'public' || scope === needed || scope === 'admin'
      expect([scope, isRefusal(await statusOf(pathOf(route), tokens[scope].token))]).toEqual([
        scope,
        !allowed,
      ])
    }
    if (needed !== 'public') expect(await statusOf(pathOf(route), 'ops_wrong')).toBe(401)
  })
})

describe('the API', () => {
  it('has no route that nobody listed', async () => {
    const document = await json<{ paths: Record<string, object> }>(
      fetch(`${sidecar.apiUrl}/api/openapi.json`),
    )
    const routes = Object.keys(document.paths).map((path) => path.replaceAll(/\{(\w+)\}/g, ':$1'))
    expect(routes.filter((route) => !(route in routeScopes))).toEqual([])
    expect(routes.length).toBeGreaterThan(10)
  })

  it('says what is missing, with a stable code', async () => {
    const none = await fetch(`${sidecar.apiUrl}/api/v1/upstream-errors`)
    expect(none.headers.get('www-authenticate')).toBe('Bearer')
    expect(await none.json()).toMatchObject({ code: 'unauthenticated', status: 401 })
    const wrong = await fetch(`${sidecar.apiUrl}/api/v1/upstream-errors`, {
      headers: { authorization: `Bearer ${tokens.ingest.token}` },
    })
    expect(await wrong.json()).toMatchObject({ code: 'forbidden', detail: 'the token lacks the scope read' })
  })

  it('answers no request for another host while it is bound to loopback', async () => {
    const status = (host: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const options = { port: sidecar.apiPort, host: '127.0.0.1', path: '/healthz', headers: { host } }
        httpRequest(options, (response) => resolve(response.resume().statusCode))
          .on('error', reject)
          .end()
      })
    expect(await status(`127.0.0.1:${sidecar.apiPort}`)).toBe(200)
    expect(await status(`localhost:${sidecar.apiPort}`)).toBe(200)
    expect(await status(`[::1]:${sidecar.apiPort}`)).toBe(200)
    expect(await status('evil.example')).toBe(403)
    expect(await status('127.0.0.1.evil.example')).toBe(403)
  })

  it('sends the headers that keep browsers from sniffing, framing and running what it answers', async () => {
    const answer = await fetch(`${sidecar.apiUrl}/healthz`)
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect(answer.headers.get('x-frame-options')).toBe('DENY')
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
  })
})
