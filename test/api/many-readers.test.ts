import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { post, traceExport, upstreamError } from '../support/otlp.ts'
import { startTestSidecar, type TestSidecar, temporaryDirectory } from '../support/sidecar.ts'

const readers = 2000
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let sidecar: TestSidecar

beforeAll(async () => {
  directory = await temporaryDirectory()
  // All that wait in line get their turn, however slow the machine is.
  sidecar = await startTestSidecar(directory.path, { queryTimeoutMs: 60_000 })
  await store('first')
})
afterAll(async () => {
  await sidecar.stop()
  await directory.remove()
})

const newest = (): Promise<Response> => fetch(`${sidecar.apiUrl}/api/v1/upstream-errors`)

/** Sends an event and waits until the newest events show it; the time that both took, ms. */
async function store(requestId: string): Promise<number> {
  const startedAt = performance.now()
  const body = traceExport([upstreamError({ 'ops.request.id': requestId })])
  expect((await post(`${sidecar.otlpUrl}/v1/traces`, body)).status).toBe(200)
  await eventually(async () => {
    const answer = await newest()
    expect(answer.status).toBe(200)
    expect(await answer.text()).toContain(`"request_id":"${requestId}"`)
  })
  return performance.now() - startedAt
}

interface Reading {
  readonly status: number
  readonly retryAfter: string | undefined
  readonly body: { readonly code?: string }
}

/** A reader with a connection of its own. */
async function readFiltered(agent: Agent, index: number): Promise<Reading> {
  const request = get(`${sidecar.apiUrl}/api/v1/upstream-errors?platform=openai&account_id=${index}`, {
    agent,
  })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk
  return {
    status: response.statusCode ?? 0,
    retryAfter: response.headers['retry-after'],
    body: JSON.parse(text),
  }
}

describe('two thousand readers over HTTP', () => {
  it('are all answered, or told when to come back, while events are stored and the newest are read', async () => {
    const agent = new Agent({ maxSockets: readers })
    let answered = 0
    const readings = Array.from({ length: readers }, (_, index) =>
      readFiltered(agent, index).finally(() => answered++),
    )
    const reading = Promise.all(readings)
    // The line is full when the first of them are refused.
    await eventually(async () => expect(answered).toBeGreaterThan(0))
    const tookMs = await store('meanwhile')
    expect(answered).toBeLessThan(readers)
    expect(tookMs).toBeLessThan(5000)
    const outcomes = await reading
    agent.destroy()
    const refused = outcomes.filter(({ status }) => status !== 200)
    expect(refused.length).toBeGreaterThan(0)
    expect(outcomes.length - refused.length).toBeGreaterThanOrEqual(1024)
    for (const { status, retryAfter, body } of refused) {
      expect({ status, code: body.code }).toEqual({ status: 503, code: 'overloaded' })
      expect(Number(retryAfter)).toBeGreaterThanOrEqual(1)
      expect(Number(retryAfter)).toBeLessThanOrEqual(5)
    }
    expect((await newest()).status).toBe(200)
  })
})
