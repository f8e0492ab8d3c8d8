import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { json } from '../support/json.ts'
import { post, span, traceExport, upstreamError } from '../support/otlp.ts'
import { freePort, startTestSidecar, type TestSidecar, temporaryDirectory } from '../support/sidecar.ts'
import { collectorIsMissing, type RunningCollector, runCollector, validateConfig } from './run-collector.ts'

const missing = await collectorIsMissing()
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let otlpPort: number
let collector: RunningCollector | undefined
let sidecar: TestSidecar | undefined
beforeAll(async () => {
  directory = await temporaryDirectory()
  if (missing) return
  otlpPort = await freePort()
  collector = await runCollector('forwarding', { OPS_SIDECAR_ENDPOINT: `http://127.0.0.1:${otlpPort}` })
})
afterAll(async () => {
  await collector?.stop()
  await sidecar?.stop()
  await directory.remove()
})

const send = (account: string) =>
  post(
    `${collector?.otlpUrl}/v1/traces`,
    traceExport([upstreamError({ 'ops.account.id': account }), span({ attributes: { a: 1 } })], {
      'service.name': 'gateway',
    }),
  )
const accounts = async () => {
  const url = `${sidecar?.apiUrl}/api/v1/upstream-errors?from=now-1h`
  const { events } = await json<{ events: { account_id: string }[] }>(fetch(url))
  return events.map((event) => event.account_id).sort()
}

describe('a stock collector in front of the sidecar', () => {
  it('accepts both configurations', async ({ skip }) => {
    if (missing) skip(missing)
    await validateConfig('forwarding')
    await validateConfig('direct')
  })

  it('keeps what gateways send while the sidecar is away, and passes it on once', async ({ skip }) => {
    if (missing) skip(missing)
    expect((await send('early')).status).toBe(200)
    sidecar = await startTestSidecar(directory.path, { otlpPort })
    await eventually(async () => expect(await accounts()).toEqual(['early']), 30_000)
    expect((await send('late')).status).toBe(200)
    await eventually(async () => expect(await accounts()).toEqual(['early', 'late']), 30_000)
  })
})
