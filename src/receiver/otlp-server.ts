import type { RequestListener, Server, ServerOptions } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import type { Certificates, WatchedCertificates } from '../access/certificates.ts'
import type { Config } from '../config.ts'
import { OpsError } from '../errors.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { createServer } from '../node-http.ts'
import {
  createRequestHandler,
  type HandleExportConfig,
  type NextHops,
  requestEncoding,
} from './handle-export.ts'
import type { ReceiverBounds } from './receiver-bounds.ts'
import { writeFailure } from './write-response.ts'

export interface OtlpServer {
  readonly port: number
  /** Refuses new exports, lets those under way end, cuts off those that do not within the time. */
  stop(): Promise<void>
}

export type OtlpServerConfig = HandleExportConfig &
  Pick<Config, 'otlpHost' | 'otlpPort' | 'otlpMaxConnections' | 'otlpRequestTimeoutMs'>

const maxHeadersTimeoutMs = 10_000
const keepAliveTimeoutMs = 65_000
/** How often Node looks for clients past their deadline; its default of 30 s lets slow ones gather. */
const deadlineCheckMs = 1000
const stopTimeoutMs = 5000

/** Starts the OTLP/HTTP receiver, over TLS when there are certificates. @throws OpsError `address_in_use`. */
export async function startOtlpServer(
  config: OtlpServerConfig,
  bounds: ReceiverBounds,
  certificates: WatchedCertificates | undefined,
  next: NextHops,
  metrics: Metrics,
  log: Logger,
): Promise<OtlpServer> {
  let stopping = false
  const handle = createRequestHandler(config, bounds, next, metrics, () => stopping)
  const deadlines = {
    connectionsCheckingInterval: deadlineCheckMs,
    requestTimeout: config.otlpRequestTimeoutMs,
    headersTimeout: Math.min(config.otlpRequestTimeoutMs, maxHeadersTimeoutMs),
    keepAliveTimeout: keepAliveTimeoutMs,
  }
  const server = createHttpServer(deadlines, certificates, (request, response) => {
    handle(request, response).catch((error: unknown) => {
      log.error({ err: error }, 'export request failed')
      metrics.requests.inc({ signal: 'none', outcome: 'internal' })
      // 503, not 500: OTLP clients repeat only that, and nothing of the request is known to be stored.
      writeFailure(response, requestEncoding(request) ?? 'json', 'overloaded', 'unexpected failure')
    })
  })
  server.maxConnections = config.otlpMaxConnections
  server.on('drop', () => metrics.droppedConnections.inc())
  await listen(server, config.otlpPort, config.otlpHost)
  return {
    port: (server.address() as AddressInfo).port,
    stop() {
      stopping = true
      return close(server)
    },
  }
}

function createHttpServer(
  deadlines: ServerOptions,
  certificates: WatchedCertificates | undefined,
  listener: RequestListener,
): Server {
  if (certificates === undefined) return createServer(deadlines, listener)
  const server = createTlsServer({ ...deadlines, ...secureOptions(certificates.current()) }, listener)
  certificates.onChange((renewed) => server.setSecureContext(secureOptions(renewed)))
  return server
}

function secureOptions({ cert, key, clientCa }: Certificates) {
  if (clientCa === undefined) return { cert, key }
  return { cert, key, ca: clientCa, requestCert: true, rejectUnauthorized: true }
}

function close(server: Server): Promise<void> {
  const cutOff = setTimeout(() => server.closeAllConnections(), stopTimeoutMs)
  return new Promise((resolve) => {
    server.close(() => {
      clearTimeout(cutOff)
      resolve()
    })
    server.closeIdleConnections()
  })
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'is in use' : `cannot be listened on: ${cause.message}`
      reject(new OpsError('address_in_use', `${host}:${port} ${why}`, { cause }))
    })
    server.listen(port, host, resolve)
  })
}
