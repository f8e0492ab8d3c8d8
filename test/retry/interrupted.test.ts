import { once } from 'node:events'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type SidecarProcess, startSidecarProcess } from '../faults/harness/sidecar-process.ts'
import { eventually } from '../support/eventually.ts'
import { json } from '../support/json.ts'
import { post } from '../support/otlp.ts'
import { temporaryDirectory } from '../support/sidecar.ts'
import { storeRequestError } from './request-error.ts'
import { type RetryGateway, startRetryGateway } from './retry-gateway.ts'

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let gateway: RetryGateway
const started: SidecarProcess[] = []

beforeAll(async () => {
  directory = await temporaryDirectory()
  gateway = await startRetryGateway()
})
afterAll(async () => {
  for (const sidecar of started) await sidecar.stop(5000)
  await gateway.close()
  await directory.remove()
})

async function start(): Promise<SidecarProcess> {
  const result = await startSidecarProcess({
    env: {
      OPS_DATA_DIR: directory.path,
      OPS_OTLP_PORT: '0',
      OPS_OTLP_GRPC_PORT: '0',
      OPS_API_PORT: '0',
      OPS_BATCH_MAX_WAIT: '20ms',
      OPS_RETRY_GATEWAY_URL: gateway.url,
      // A proxy of the environment would take the request somewhere else.
      NODE_USE_ENV_PROXY: '1',
      HTTP_PROXY: 'http://127.0.0.1:9',
      http_proxy: 'http://127.0.0.1:9',
    },
  })
  if (result.status === 'ended') throw new Error(result.stderr)
  started.push(result.sidecar)
  return result.sidecar
}

const retriesOf = (sidecar: SidecarProcess, id: string) =>
  json<Record<string, unknown>[]>(fetch(`${sidecar.apiUrl}/api/v1/errors/${id}/retries`))

it('a retry that kill -9 interrupts is failed from the next start on, and is not sent again', async () => {
  const first = await start()
  const id = await storeRequestError(first)
  // The gateway never answers: the retry is under way when the process dies.
  gateway.answer = () => {}
  const headers = { 'idempotency-key': 'the-one' }
  const url = (sidecar: SidecarProcess) => `${sidecar.apiUrl}/api/v1/errors/${id}/retry`
  const lost = post(url(first), { mode: 'client' }, headers).catch((error: unknown) => error)
  await eventually(async () => expect(gateway.seen).toHaveLength(1))
  expect(await retriesOf(first, id)).toMatchObject([{ status: 'running', finished_at: null }])
  first.kill('SIGKILL')
  await Promise.all([first.exited, lost])

  const second = await start()
  const [attempt] = await retriesOf(second, id)
  expect(attempt).toMatchObject({
    status: 'failed',
    finished_at: expect.any(String),
    http_status_code: 0,
    error_message: expect.stringContaining('whether the gateway got the request is not known'),
  })
  expect(await json(post(url(second), { mode: 'client', force: true }, headers))).toMatchObject({
    attempt_id: attempt?.id,
    status: 'failed',
  })
  expect(gateway.seen).toHaveLength(1)

  gateway.answer = (response) => response.end('{}')
  expect(await json(post(url(second), { mode: 'client', force: true }))).toMatchObject({
    status: 'succeeded',
  })
  expect(gateway.seen).toHaveLength(2)
}, 60_000)

it('a stop ends the retry under way, and says so', async () => {
  const sidecar = started.at(-1) as SidecarProcess
  const id = await storeRequestError(sidecar)
  const closed = new Promise((resolve) => {
    gateway.answer = (response) => once(response, 'close').then(resolve)
  })
  const answer = post(`${sidecar.apiUrl}/api/v1/errors/${id}/retry`, { mode: 'client' })
  await eventually(async () => expect(gateway.seen).toHaveLength(3))
  const stopped = sidecar.stop(20_000)
  expect(await json(answer)).toMatchObject({ status: 'failed', error_message: 'the sidecar stopped' })
  await closed
  expect(await stopped).toMatchObject({ code: 0 })
  const again = await start()
  expect(await retriesOf(again, id)).toMatchObject([
    { status: 'failed', error_message: 'the sidecar stopped' },
  ])
}, 60_000)
