import { once } from 'node:events'
import { connect } from 'node:net'
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { post, span, traceExport, upstreamError } from '../support/otlp.ts'
import { startTestSidecar, type TestSidecar, temporaryDirectory } from '../support/sidecar.ts'

const maxBodyBytes = 64 * 1024
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let sidecar: TestSidecar
beforeAll(async () => {
  directory = await temporaryDirectory()
  sidecar = await startTestSidecar(directory.path, { otlpMaxBodyBytes: maxBodyBytes })
})
afterAll(async () => {
  await sidecar.stop()
  await directory.remove()
})

const protobuf = { 'content-type': 'application/x-protobuf' }
const traces = () => `${sidecar.otlpUrl}/v1/traces`

async function count(requestId: string): Promise<number> {
  const answer = await fetch(`${sidecar.apiUrl}/api/v1/upstream-errors?request_id=${requestId}`)
  return ((await answer.json()) as { events: unknown[] }).events.length
}

describe('the OTLP/HTTP receiver', () => {
  it('answers an empty protobuf request with 200, its content type and no partial_success', async () => {
    const answer = await post(traces(), new Uint8Array(), protobuf)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/x-protobuf')
    expect((await answer.arrayBuffer()).byteLength).toBe(0)
  })

  it('answers JSON with JSON', async () => {
    const answer = await post(traces(), '{}', { 'content-type': 'application/json; charset=utf-8' })
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({})
  })

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['zstd', zstdCompressSync],
  ] as const)('inflates %s', async (encoding, compress) => {
    const body = compress(
      Buffer.from(JSON.stringify(traceExport([upstreamError({ 'ops.request.id': encoding })]))),
    )
    expect((await post(traces(), body, { 'content-encoding': encoding })).status).toBe(200)
    await eventually(async () => expect(await count(encoding)).toBe(1))
  })

  it('stores an export that is sent twice once', async () => {
    const body = traceExport([upstreamError({ 'ops.request.id': 'twice' })])
    const answers = await Promise.all([post(traces(), body), post(traces(), body)])
    expect(answers.map((answer) => answer.status)).toEqual([200, 200])
    expect((await post(traces(), body)).status).toBe(200)
    await eventually(async () => expect(await count('twice')).toBe(1))
    const metrics = await (await fetch(`${sidecar.apiUrl}/metrics`)).text()
    expect(metrics).toContain('ops_events_duplicate_total{signal="traces"} 2')
  })

  it('rejects events without a usable time as partial success, counted in spans, and stores the others', async () => {
    const attributes = { 'ops.request.id': 'partial', 'http.response.status_code': 500 }
    const body = traceExport([
      span({
        events: [{ timeUnixNano: '0', attributes }, { timeUnixNano: '0', attributes }, { attributes }],
      }),
      span({ events: [{ timeMs: Date.UTC(2020, 0, 1), attributes }] }),
      span({ events: [{ attributes }] }),
    ])
    const answer = await post(traces(), body)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({
      partialSuccess: {
        rejectedSpans: '2',
        errorMessage: '3 ops.upstream_error events cannot be stored: no_timestamp, too_old',
      },
    })
    await eventually(async () => expect(await count('partial')).toBe(2))
  })

  it('answers 415 for other content types and encodings', async () => {
    expect((await post(traces(), '{}', { 'content-type': 'text/plain' })).status).toBe(415)
    expect((await post(traces(), '{}', { 'content-encoding': 'br' })).status).toBe(415)
  })

  it('answers 400 with a Status in the encoding of the request for what it cannot read', async () => {
    const json = await post(traces(), '{"resourceSpans":')
    expect(json.status).toBe(400)
    expect(await json.json()).toMatchObject({ code: 3, message: expect.stringContaining('malformed_otlp') })
    const binary = await post(traces(), Buffer.from([0x0a, 0xff, 0xff]), protobuf)
    expect(binary.status).toBe(400)
    expect(binary.headers.get('content-type')).toBe('application/x-protobuf')
    const status = Buffer.from(await binary.arrayBuffer())
    expect([...status.subarray(0, 3)]).toEqual([0x08, 3, 0x12])
    const unzipped = await post(traces(), '{}', { 'content-encoding': 'gzip' })
    expect(unzipped.status).toBe(400)
    expect(await unzipped.json()).toMatchObject({ message: expect.stringContaining('malformed_encoding') })
  })

  it('answers 413 over the limit, as sent, chunked, and while inflating', async () => {
    const large = Buffer.alloc(maxBodyBytes + 1, 0x20)
    expect((await post(traces(), large)).status).toBe(413)
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(large)
        controller.close()
      },
    })
    const chunked = await fetch(traces(), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: stream,
      duplex: 'half',
    } as RequestInit)
    expect(chunked.status).toBe(413)
    const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024))
    expect(bomb.length).toBeLessThan(maxBodyBytes)
    expect((await post(traces(), bomb, { 'content-encoding': 'gzip' })).status).toBe(413)
    expect((await post(traces(), '{}')).status).toBe(200)
  })

  it('answers 404 for unknown paths and 405 with Allow for wrong methods', async () => {
    expect((await post(`${sidecar.otlpUrl}/v1/metrics`, '{}')).status).toBe(404)
    const wrong = await fetch(traces())
    expect(wrong.status).toBe(405)
    expect(wrong.headers.get('allow')).toBe('POST')
  })

  it('survives clients that leave in the middle of a body', async () => {
    const socket = connect(sidecar.otlpPort, '127.0.0.1')
    await once(socket, 'connect')
    socket.write(
      'POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"a"',
    )
    socket.destroy()
    expect((await post(traces(), '{}')).status).toBe(200)
  })
})
