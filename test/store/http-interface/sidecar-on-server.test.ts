import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../support/eventually.ts'
import { json } from '../../support/json.ts'
import { post, traceExport, upstreamError } from '../../support/otlp.ts'
import { startTestSidecar, type TestSidecar, temporaryDirectory } from '../../support/sidecar.ts'
import { openHttpInterface } from './open-http-interface.ts'

let embedded: Awaited<ReturnType<typeof openHttpInterface>>
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let clickhouseUrl: string
let sidecar: TestSidecar
const credentials = { user: 'writer', password: 'secret' }
const start = () =>
  startTestSidecar(directory.path, {
    clickhouseUrl,
    clickhouseUser: credentials.user,
    clickhousePassword: credentials.password,
    clickhouseDatabase: 'made_by_sidecar',
  })
beforeAll(async () => {
  embedded = await openHttpInterface()
  clickhouseUrl = await embedded.serve({ credentials })
  directory = await temporaryDirectory()
  sidecar = await start()
})
afterAll(async () => {
  await sidecar.stop()
  await embedded.close()
  await directory.remove()
})

const events = async (query = '') =>
  (
    await json<{ events: Record<string, unknown>[] }>(
      fetch(`${sidecar.apiUrl}/api/v1/upstream-errors?from=now-1h${query}`),
    )
  ).events

describe('a sidecar whose store is reached over HTTP', () => {
  it('makes database and tables, delivers once, and answers every kind of query', async () => {
    expect(sidecar.storeKind).toBe('server')
    const spans = Array.from({ length: 500 }, (_, index) =>
      upstreamError({ 'ops.account.id': `account-${index % 5}`, 'gen_ai.request.model': "it's \\ odd" }),
    )
    const body = traceExport(spans, { 'service.name': 'gateway' })
    for (const _ of ['first', 'again'])
      expect((await post(`${sidecar.otlpUrl}/v1/traces`, body)).status).toBe(200)
    await eventually(async () => expect(await events('&account_id=account-3&limit=200')).toHaveLength(100))
    const [event] = await events('&account_id=account-3&limit=1')
    expect(event).toMatchObject({ model: "it's \\ odd", category: 'rate_limited', service_name: 'gateway' })
    const api = `${sidecar.apiUrl}/api/v1/upstream-errors`
    expect(await json(fetch(`${api}/${event?.event_id}`))).toMatchObject({ event_id: event?.event_id })
    expect(await json(fetch(`${api}/count?from=now-1h`))).toMatchObject({ count: 500 })
    const { buckets } = await json<{ buckets: { total: number }[] }>(fetch(`${api}/histogram?from=now-1h`))
    expect(buckets.reduce((sum, { total }) => sum + total, 0)).toBe(500)
    const csv = await (await fetch(`${api}/export?from=now-1h&format=csv`)).text()
    expect(csv.trim().split('\n')).toHaveLength(501)
    expect(await json(fetch(`${sidecar.apiUrl}/readyz`))).toMatchObject({ status: 'ready' })
  })

  it('goes on where it was after a restart', async () => {
    await sidecar.stop()
    sidecar = await start()
    expect(await events('&limit=1')).toHaveLength(1)
    await post(`${sidecar.otlpUrl}/v1/traces`, traceExport([upstreamError({ 'ops.account.id': 'late' })]))
    await eventually(async () => expect(await events('&account_id=late')).toHaveLength(1))
  })
})
