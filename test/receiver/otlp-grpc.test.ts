import { gzipSync } from 'node:zlib'
import {
  Client,
  compressionAlgorithms,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { json } from '../support/json.ts'
import { traceRequestBytes } from '../support/otlp-protobuf.ts'
import { freePort, startTestSidecar, type TestSidecar, temporaryDirectory } from '../support/sidecar.ts'

const tracesPath = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let sidecar: TestSidecar
let client: Client

beforeAll(async () => {
  directory = await temporaryDirectory()
  const otlpGrpcPort = await freePort()
  sidecar = await startTestSidecar(directory.path, { otlpGrpcPort, otlpMaxBodyBytes: 64 * 1024 })
  client = new Client(`127.0.0.1:${otlpGrpcPort}`, credentials.createInsecure())
})
afterAll(async () => {
  client.close()
  await sidecar.stop()
  await directory.remove()
})

const asIs = (bytes: Buffer): Buffer => bytes

function send(path: string, body: Uint8Array, over = client): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    over.makeUnaryRequest(path, asIs, asIs, Buffer.from(body), new Metadata(), (error, answer) =>
      error ? reject(error) : resolve(answer ?? Buffer.alloc(0)),
    )
  })
}

const failure = (work: Promise<unknown>): Promise<ServiceError> =>
  work.then(
    () => Promise.reject(new Error('it worked')),
    (error: ServiceError) => error,
  )

describe('the OTLP/gRPC receiver', () => {
  it('stores what the HTTP receiver would, with an empty response on full success', async () => {
    const body = traceRequestBytes({ 'ops.request.id': 'over-grpc', 'http.response.status_code': 503 })
    expect((await send(tracesPath, body)).length).toBe(0)
    await eventually(async () => {
      const list = await json<{ events: unknown[] }>(
        fetch(`${sidecar.apiUrl}/api/v1/upstream-errors?request_id=over-grpc`),
      )
      expect(list.events).toMatchObject([{ status_code: 503 }])
    })
  })

  it('stores each of many exports that come together for itself, compressed or not, beside malformed ones', async () => {
    const zipping = new Client(`127.0.0.1:${sidecar.otlpGrpcPort}`, credentials.createInsecure(), {
      'grpc.default_compression_algorithm': compressionAlgorithms.gzip,
    })
    // Words differ from export to export, so that it shows when the memory of one was used for another.
    const exports = Array.from({ length: 60 }, (_, index) => ({
      requestId: `grpc-together-${index}`,
      answer: JSON.stringify({ error: { message: `export-${index} `.repeat(100 * (index % 4)) } }),
      filler: `${index}.`.repeat((index % 6) * 3000),
    }))
    await Promise.all(
      exports.flatMap(({ requestId, answer, filler }, index) => {
        const body = traceRequestBytes({
          'ops.request.id': requestId,
          'http.response.body.content': answer,
          filler,
        })
        const over = index % 2 === 0 ? client : zipping
        const cutShort = failure(send(tracesPath, body.subarray(0, -9), over))
        return [send(tracesPath, body, over), cutShort]
      }),
    )
    zipping.close()
    for (const { requestId, answer } of exports) {
      await eventually(async () => {
        const list = await json<{ events: { event_id: string }[] }>(
          fetch(`${sidecar.apiUrl}/api/v1/upstream-errors?request_id=${requestId}`),
        )
        expect(list.events.length).toBe(1)
        const detail = fetch(`${sidecar.apiUrl}/api/v1/upstream-errors/${list.events[0]?.event_id}`)
        expect(await json(detail)).toMatchObject({ response_body: answer })
      })
    }
  })

  it('answers INVALID_ARGUMENT without RetryInfo for what it cannot read', async () => {
    const error = await failure(send(tracesPath, Buffer.from([0x0a, 0xff])))
    expect(error.code).toBe(status.INVALID_ARGUMENT)
    expect(error.details).toContain('malformed_otlp')
    expect(error.metadata.get('grpc-status-details-bin')).toEqual([])
  })

  it('refuses messages over the limit, also after inflating', async () => {
    expect((await failure(send(tracesPath, Buffer.alloc(65 * 1024)))).code).toBe(status.RESOURCE_EXHAUSTED)
    expect(gzipSync(Buffer.alloc(1024 * 1024)).length).toBeLessThan(64 * 1024)
    const zipping = new Client(`127.0.0.1:${sidecar.otlpGrpcPort}`, credentials.createInsecure(), {
      'grpc.default_compression_algorithm': compressionAlgorithms.gzip,
    })
    const error = await failure(send(tracesPath, Buffer.alloc(1024 * 1024), zipping))
    zipping.close()
    expect(error.code).toBe(status.RESOURCE_EXHAUSTED)
  })

  it('says UNIMPLEMENTED for services that it does not have', async () => {
    const path = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export'
    expect((await failure(send(path, Buffer.alloc(0)))).code).toBe(status.UNIMPLEMENTED)
  })
})
