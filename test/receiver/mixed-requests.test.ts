import { once } from 'node:events'
import { connect } from 'node:net'
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { post, traceExport, upstreamError } from '../support/otlp.ts'
import { startTestSidecar, type TestSidecar, temporaryDirectory } from '../support/sidecar.ts'

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let sidecar: TestSidecar
beforeAll(async () => {
  directory = await temporaryDirectory()
  sidecar = await startTestSidecar(directory.path)
})
afterAll(async () => {
  await sidecar.stop()
  await directory.remove()
})

const encodings: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  identity: (body) => body,
  gzip: (body) => gzipSync(body),
  deflate: (body) => deflateSync(body),
  zstd: (body) => zstdCompressSync(body),
}
/** Events in a request: requests of less than a kilobyte, up to more than a megabyte. */
const sizes = [1, 2, 5, 12, 40, 150]
const eventsOf = (requestId: string, count: number): { answer: string; export: Buffer } => {
  // Words differ from request to request, so that it shows when one request's memory was used for another's.
  const answer = JSON.stringify({ error: { message: `${requestId} `.repeat(200), type: 'overloaded_error' } })
  const events = Array.from({ length: count }, (_, index) =>
    upstreamError({
      'ops.request.id': `${requestId}-${index}`,
      'ops.session.id': requestId,
      'http.response.body.content': answer,
    }),
  )
  return { answer, export: Buffer.from(JSON.stringify(traceExport(events))) }
}

async function sendAborted(): Promise<void> {
  const socket = connect(sidecar.otlpPort, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(
    `POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 20000\r\n\r\n${' '.repeat(10_000)}`,
  )
  socket.destroy()
}

describe('requests that come together', () => {
  it('are answered and stored each for itself, whatever the others are', async () => {
    const good: { requestId: string; count: number; answer: string }[] = []
    const sent: Promise<void>[] = []
    for (const [index, count] of [...sizes, ...sizes].entries()) {
      for (const [encoding, encode] of Object.entries(encodings)) {
        const requestId = `together-${encoding}-${index}`
        const { answer, export: body } = eventsOf(requestId, count)
        const headers = encoding === 'identity' ? {} : { 'content-encoding': encoding }
        good.push({ requestId, count, answer })
        sent.push(
          post(`${sidecar.otlpUrl}/v1/traces`, encode(body), headers).then(({ status }) =>
            expect(status).toBe(200),
          ),
        )
        const cutShort = (encoding === 'identity' ? body : encode(body)).subarray(0, -20)
        sent.push(
          post(`${sidecar.otlpUrl}/v1/traces`, cutShort, headers).then(({ status }) =>
            expect(status).toBe(400),
          ),
        )
      }
      sent.push(sendAborted())
    }
    await Promise.all(sent)

    const stored = async (requestId: string, of: number) => {
      const query = `request_id=${requestId}-${of}`
      const list = (await (await fetch(`${sidecar.apiUrl}/api/v1/upstream-errors?${query}`)).json()) as {
        events: { event_id: string }[]
      }
      expect(list.events.length).toBe(1)
      const id = list.events[0]?.event_id
      return (await (await fetch(`${sidecar.apiUrl}/api/v1/upstream-errors/${id}`)).json()) as {
        response_body: string
      }
    }
    for (const { requestId, count, answer } of good) {
      for (const of of new Set([0, count - 1]))
        await eventually(async () => expect((await stored(requestId, of)).response_body).toBe(answer))
    }
    const metrics = await (await fetch(`${sidecar.apiUrl}/metrics`)).text()
    const outcome = (name: string): number =>
      Number(
        new RegExp(`^ops_receiver_requests_total\\{signal="traces",outcome="${name}"\\} (\\d+)`, 'm').exec(
          metrics,
        )?.[1] ?? 0,
      )
    expect(outcome('accepted')).toBe(good.length)
    expect(outcome('malformed_encoding') + outcome('malformed_otlp')).toBe(good.length)
    expect(outcome('aborted')).toBe(2 * sizes.length)
    const total = good.reduce((sum, { count }) => sum + count, 0)
    expect(metrics).toContain(`ops_events_stored_total{signal="traces"} ${total}`)
  })
})
