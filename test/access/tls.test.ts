import { once } from 'node:events'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import { connect } from 'node:tls'
import { Client, credentials, Metadata, status } from '@grpc/grpc-js'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type WatchedCertificates, watchCertificates } from '../../src/access/certificates.ts'
import { createAuthority, createCertificate, type TestCertificate } from '../support/certificates.ts'
import { eventually } from '../support/eventually.ts'
import { traceRequestBytes } from '../support/otlp-protobuf.ts'
import { freePort, startTestSidecar, type TestSidecar, temporaryDirectory } from '../support/sidecar.ts'

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let authority: TestCertificate
let server: TestCertificate
let exporter: TestCertificate
let stranger: TestCertificate

beforeAll(async () => {
  directory = await temporaryDirectory()
  authority = createAuthority(directory.path, 'authority')
  server = createCertificate(directory.path, 'server', authority)
  exporter = createCertificate(directory.path, 'exporter', authority)
  stranger = createCertificate(directory.path, 'stranger', createAuthority(directory.path, 'other-authority'))
})
afterAll(() => directory.remove())

const trusting = () => ({ host: '127.0.0.1', servername: 'localhost', ca: readFileSync(authority.certFile) })
const showing = ({ certFile, keyFile }: TestCertificate) => ({
  cert: readFileSync(certFile),
  key: readFileSync(keyFile),
})

/** The status of a request, or the code of the error that ended it. */
function outcomeOf(options: RequestOptions, body?: Uint8Array): Promise<number | string | undefined> {
  return new Promise((resolve) => {
    const request = httpsRequest({ ...trusting(), agent: false, ...options }, (response) =>
      resolve(response.resume().statusCode),
    )
    request.on('error', (error: NodeJS.ErrnoException) => resolve(error.code)).end(body)
  })
}

describe('a sidecar with a certificate', () => {
  let sidecar: TestSidecar
  let grpcPort: number

  beforeAll(async () => {
    grpcPort = await freePort()
    sidecar = await startTestSidecar(`${directory.path}/data`, {
      tlsCertFile: server.certFile,
      tlsKeyFile: server.keyFile,
      otlpClientCaFile: authority.certFile,
      otlpGrpcPort: grpcPort,
    })
  })
  afterAll(() => sidecar.stop())

  const exportTo = (options: RequestOptions, requestId: string) =>
    outcomeOf(
      {
        port: sidecar.otlpPort,
        path: '/v1/traces',
        method: 'POST',
        headers: { 'content-type': 'application/x-protobuf' },
        ...options,
      },
      traceRequestBytes({ 'ops.request.id': requestId, 'http.response.status_code': 503 }),
    )
  const exportOverGrpc = (shown: TestCertificate): Promise<number> => {
    const { cert, key } = showing(shown)
    const client = new Client(
      `127.0.0.1:${grpcPort}`,
      credentials.createSsl(readFileSync(authority.certFile), key, cert),
      { 'grpc.ssl_target_name_override': 'localhost' },
    )
    const asIs = (bytes: Buffer): Buffer => bytes
    const body = traceRequestBytes({ 'ops.request.id': 'grpc', 'http.response.status_code': 503 })
    const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'
    return new Promise((resolve) => {
      client.makeUnaryRequest(path, asIs, asIs, Buffer.from(body), new Metadata(), (error) => {
        client.close()
        resolve(error?.code ?? status.OK)
      })
    })
  }

  it('answers the API over TLS, and asks browsers for no certificate', async () => {
    expect(await outcomeOf({ port: sidecar.apiPort, path: '/healthz' })).toBe(200)
    await expect(fetch(`http://127.0.0.1:${sidecar.apiPort}/healthz`)).rejects.toThrow()
  })

  it('takes exports of a certificate that its authority signed, and of no other', async () => {
    expect(await exportTo(showing(exporter), 'over-tls')).toBe(200)
    expect(await exportTo({}, 'without')).not.toBe(200)
    expect(await exportTo(showing(stranger), 'stranger')).not.toBe(200)
  })

  it('does the same for OTLP/gRPC', async () => {
    expect(await exportOverGrpc(exporter)).toBe(status.OK)
    expect(await exportOverGrpc(stranger)).toBe(status.UNAVAILABLE)
  })
})

describe('certificates in files', () => {
  const config = (changes: object = {}) => ({
    tlsCertFile: server.certFile,
    tlsKeyFile: server.keyFile,
    otlpClientCaFile: '',
    ...changes,
  })
  const silent = pino({ level: 'silent' })
  const problem = (changes: object): string => {
    try {
      watchCertificates(config(changes), silent)?.stop()
    } catch (error) {
      return (error as Error).message
    }
    return ''
  }

  it('keep a sidecar from starting when they are missing or no pair, and say which', () => {
    expect(problem({ tlsKeyFile: '' })).toMatch(/both OPS_TLS_CERT_FILE and OPS_TLS_KEY_FILE/)
    expect(problem({ tlsCertFile: '/nowhere.pem' })).toMatch(/OPS_TLS_CERT_FILE: \/nowhere.pem .* ENOENT/)
    expect(problem({ tlsKeyFile: exporter.keyFile })).toMatch(/are no pair/)
    expect(problem({ otlpClientCaFile: server.keyFile })).toMatch(/holds no certificate/)
    expect(problem({ tlsCertFile: '', tlsKeyFile: '', otlpClientCaFile: authority.certFile })).toMatch(
      /needs both/,
    )
    expect(problem({})).toBe('')
  })

  it('are taken up when they are renewed, and a broken pair is not', async () => {
    const certFile = `${directory.path}/renewed.pem`
    const keyFile = `${directory.path}/renewed.key`
    copyFileSync(server.certFile, certFile)
    copyFileSync(server.keyFile, keyFile)
    const watched = watchCertificates(config({ tlsCertFile: certFile, tlsKeyFile: keyFile }), silent, 10)
    const found: string[] = []
    watched?.onChange(({ cert }) => found.push(cert.toString()))
    try {
      writeFileSync(certFile, 'half of a certificate')
      await new Promise((resolve) => setTimeout(resolve, 100))
      expect(found).toEqual([])
      copyFileSync(exporter.keyFile, keyFile)
      copyFileSync(exporter.certFile, certFile)
      const renewed = readFileSync(exporter.certFile, 'utf8')
      await eventually(async () => expect(found).toEqual([renewed]))
      expect(watched?.current().cert.toString()).toBe(renewed)
    } finally {
      watched?.stop()
    }
  })

  it('are served anew by a running receiver', async () => {
    const { startOtlpServer } = await import('../../src/receiver/otlp-server.ts')
    const { createReceiverBounds } = await import('../../src/receiver/receiver-bounds.ts')
    const { createMetrics } = await import('../../src/metrics/metrics.ts')
    const { testConfig } = await import('../support/sidecar.ts')
    let renew: Parameters<WatchedCertificates['onChange']>[0] = () => {}
    const { cert, key } = showing(server)
    const watched: WatchedCertificates = {
      current: () => ({ cert, key, clientCa: undefined }),
      onChange: (listener) => {
        renew = listener
      },
      stop: () => {},
    }
    const base = testConfig(directory.path)
    const bounds = createReceiverBounds(base, () => ({
      status: 'granted',
      name: '',
      serviceNamespaces: undefined,
    }))
    const next = { handle: () => Promise.reject(new Error('nothing is sent')), forward: undefined }
    const receiver = await startOtlpServer(base, bounds, watched, next, createMetrics(), silent)
    const subject = async (): Promise<string | undefined> => {
      const socket = connect({ ...trusting(), port: receiver.port })
      await once(socket, 'secureConnect')
      const name = socket.getPeerCertificate().subject.CN
      socket.destroy()
      return String(name)
    }
    try {
      expect(await subject()).toBe('server')
      renew({ ...showing(exporter), clientCa: undefined })
      expect(await subject()).toBe('exporter')
    } finally {
      await receiver.stop()
    }
  })
})
