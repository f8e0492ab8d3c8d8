import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { type FakeUpstreams, startFakeUpstreams } from '../../examples/upstreams/start-fake-upstreams.ts'
import { eventually } from '../support/eventually.ts'
import { json } from '../support/json.ts'
import { startTestSidecar, type TestSidecar, temporaryDirectory } from '../support/sidecar.ts'
import { examplesDirectory } from './plain-examples.ts'

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let sidecar: TestSidecar
let upstreams: FakeUpstreams

beforeAll(async () => {
  directory = await temporaryDirectory()
  sidecar = await startTestSidecar(directory.path)
  const failures = ['overloaded', 'rate_limited'] as const
  upstreams = await startFakeUpstreams({ script: { anthropic: [...failures, ...failures] } })
})
afterAll(async () => {
  await upstreams.close()
  await sidecar.stop()
  await directory.remove()
})

async function gatewayUrlOf(child: ChildProcess): Promise<string> {
  let text = ''
  for await (const chunk of child.stdout ?? []) {
    text += chunk
    const url = /gateway on (\S+)/.exec(text)?.[1]
    if (url !== undefined) return url
  }
  throw new Error(`the gateway ended before it listened: ${text}`)
}

it.each(['gateway', 'gateway-express'])(
  'examples/%s runs as a process and sends its last events when it is stopped',
  async (example) => {
    const child = spawn(process.execPath, [join(examplesDirectory, example, 'main.ts')], {
      env: {
        ...process.env,
        GATEWAY_PORT: '0',
        UPSTREAM_BASE_URL: upstreams.url('anthropic').replace('/anthropic', ''),
        OTEL_EXPORTER_OTLP_ENDPOINT: sidecar.otlpUrl,
        // Longer than the test: only the flush of the shutdown sends.
        OTEL_BSP_SCHEDULE_DELAY: '600000',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => {
      child.kill('SIGKILL')
    })
    const gatewayUrl = await gatewayUrlOf(child)
    const answer = await fetch(`${gatewayUrl}/anthropic`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-client-request-id': example },
      body: '{"model":"claude-opus-4-6"}',
    })
    expect(answer.status).toBe(429)
    await answer.text()
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await exited).toEqual([0, null])

    const rows = await eventually(async () => {
      const url = `${sidecar.apiUrl}/api/v1/upstream-errors?client_request_id=${example}`
      const { events } = await json<{ events: { attempt: number }[] }>(fetch(url))
      expect(events).toHaveLength(2)
      return events.toSorted((a, b) => a.attempt - b.attempt)
    })
    expect(rows).toMatchObject([
      { account_id: '201', status_code: 529, model: 'claude-opus-4-6', api_key_id: null },
      { account_id: '202', status_code: 429, category: 'rate_limited' },
    ])
  },
)
