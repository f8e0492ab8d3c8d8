/**
 * What every OTLP/HTTP receiver has to do (opentelemetry-proto 1.11.0, docs/specification.md). Runs against the
 * sidecar, or against any receiver: `OTLP_CONFORMANCE_URL=http://127.0.0.1:4318 npx vitest run test/conformance`.
 */
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeProtobuf } from '../../selection/otlp-proto.ts'
import { post, span, traceExport } from '../../support/otlp.ts'
import { toProtobuf } from '../../support/otlp-protobuf.ts'
import { startTestSidecar, temporaryDirectory } from '../../support/sidecar.ts'

const givenUrl = process.env.OTLP_CONFORMANCE_URL
let url = givenUrl ?? ''
let stop = async (): Promise<void> => {}

beforeAll(async () => {
  if (givenUrl !== undefined) return
  const directory = await temporaryDirectory()
  const sidecar = await startTestSidecar(directory.path)
  url = sidecar.otlpUrl
  stop = async () => {
    await sidecar.stop()
    await directory.remove()
  }
})
afterAll(() => stop())

const protobuf = { 'content-type': 'application/x-protobuf' }
const spans = traceExport([span({ attributes: { 'http.request.method': 'GET' } })], {
  'service.name': 'conformance',
})
const timeUnixNano = `${Date.now()}000000`
const logs = {
  resourceLogs: [
    { resource: {}, scopeLogs: [{ logRecords: [{ timeUnixNano, body: { stringValue: 'hello' } }] }] },
  ],
}

const requests = [
  ['/v1/traces', 'protobuf', () => toProtobuf(spans)],
  ['/v1/traces', 'json', () => Buffer.from(JSON.stringify(spans))],
  ['/v1/logs', 'protobuf', () => encodeProtobuf('logs', logs)],
  ['/v1/logs', 'json', () => Buffer.from(JSON.stringify(logs))],
] as const

const headersOf = (encoding: 'protobuf' | 'json'): Record<string, string> =>
  encoding === 'protobuf' ? protobuf : { 'content-type': 'application/json' }

describe.each(requests)('POST %s in %s', (path, encoding, body) => {
  it('answers full success with 200, the content type of the request and partial_success unset', async () => {
    const answer = await post(url + path, body(), headersOf(encoding))
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toContain(headersOf(encoding)['content-type'])
    const bytes = Buffer.from(await answer.arrayBuffer())
    if (encoding === 'protobuf') expect(bytes.length).toBe(0)
    else expect(JSON.parse(bytes.toString())).toEqual({})
  })

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['zstd', zstdCompressSync],
  ] as const)('takes %s', async (contentEncoding, compress) => {
    const headers = { ...headersOf(encoding), 'content-encoding': contentEncoding }
    expect((await post(url + path, compress(body()), headers)).status).toBe(200)
  })

  it('answers what does not decode with 400 and a Status in the same encoding', async () => {
    const broken = encoding === 'protobuf' ? Buffer.from([0x0a, 0x7f, 0x01]) : Buffer.from('{"resource')
    const answer = await post(url + path, broken, headersOf(encoding))
    expect(answer.status).toBe(400)
    expect(answer.headers.get('content-type')).toContain(headersOf(encoding)['content-type'])
    const bytes = Buffer.from(await answer.arrayBuffer())
    if (encoding === 'json')
      expect(JSON.parse(bytes.toString())).toMatchObject({ message: expect.any(String) })
    else expect(bytes.length).toBeGreaterThan(0)
  })

  it('serves several requests on one connection', async () => {
    for (let index = 0; index < 3; index++) {
      const answer = await post(url + path, body(), headersOf(encoding))
      expect(answer.status).toBe(200)
      await answer.arrayBuffer()
    }
  })
})

describe('an OTLP/HTTP receiver', () => {
  it('answers an empty request with 200', async () => {
    expect((await post(`${url}/v1/traces`, new Uint8Array(), protobuf)).status).toBe(200)
    expect((await post(`${url}/v1/traces`, '{}')).status).toBe(200)
    expect((await post(`${url}/v1/logs`, '{"resourceLogs":[]}')).status).toBe(200)
  })

  it('reads JSON with upper-case hex ids, numbers for int64, unknown fields and any order of fields', async () => {
    const request = {
      unknownField: { deep: [1, { x: null }] },
      resourceSpans: [
        {
          scopeSpans: [
            {
              spans: [
                {
                  events: [{ name: 'e', timeUnixNano: 1_700_000_000_000_000_000, futureField: 1 }],
                  kind: 2,
                  endTimeUnixNano: 1_700_000_000_000_000_000,
                  startTimeUnixNano: '1700000000000000000',
                  name: 'n',
                  spanId: 'EEE19B7EC3C1B174',
                  traceId: '5B8EFFF798038103D269B633813FC60C',
                },
              ],
            },
          ],
          resource: { attributes: [{ value: { intValue: 7 }, key: 'a' }] },
        },
      ],
    }
    expect((await post(`${url}/v1/traces`, request)).status).toBe(200)
  })

  it('takes parameters of the content type', async () => {
    const headers = { 'content-type': 'application/json; charset=utf-8' }
    expect((await post(`${url}/v1/traces`, '{}', headers)).status).toBe(200)
  })

  it('refuses other methods and content types with a 4xx that no client repeats', async () => {
    expect((await fetch(`${url}/v1/traces`)).status).toBe(405)
    expect((await post(`${url}/v1/traces`, 'x', { 'content-type': 'text/plain' })).status).toBe(415)
  })

  it('skips unknown protobuf fields of every wire type', async () => {
    const unknown = Buffer.from([
      0xf8, 0x01, 0x05, 0xf9, 0x01, 1, 2, 3, 4, 5, 6, 7, 8, 0xfa, 0x01, 0x01, 0xff, 0xfd, 0x01, 1, 2, 3, 4,
    ])
    expect(
      (await post(`${url}/v1/traces`, Buffer.concat([unknown, toProtobuf(spans)]), protobuf)).status,
    ).toBe(200)
  })
})
