import {
  status as grpcStatus,
  type handleUnaryCall,
  Metadata,
  Server,
  type ServerCredentials,
  type ServiceDefinition,
  type ServiceError,
} from '@grpc/grpc-js'
import type { Logger } from 'pino'
import type { WatchedCertificates } from '../access/certificates.ts'
import type { Config } from '../config.ts'
import { type ErrorCode, errorCatalogue, OpsError } from '../errors.ts'
import { freeBytes } from '../event/free-bytes.ts'
import { type Signal, signals } from '../event/selected-event.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { retryAfterSeconds } from '../retry-after-seconds.ts'
import { grpcCredentials } from './grpc-credentials.ts'
import type { NextHops } from './handle-export.ts'
import { encodeExportResponse, encodeRetryStatus } from './otlp-response.ts'
import type { ReceiverBounds } from './receiver-bounds.ts'

export interface GrpcServer {
  readonly port: number
  stop(): Promise<void>
}

export type GrpcServerConfig = Pick<Config, 'otlpHost' | 'otlpGrpcPort' | 'otlpMaxBodyBytes'>

const paths: Record<Signal, string> = {
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
}
/** Where a payload goes that is forwarded, which is always over HTTP. */
const httpPaths: Record<Signal, string> = { traces: '/v1/traces', logs: '/v1/logs' }
/** Bytes go through as they are: decoding is the selection's. */
const asIs = (bytes: Buffer): Buffer => bytes
const stopTimeoutMs = 5000

function serviceOf(signal: Signal): ServiceDefinition {
  return {
    Export: {
      path: paths[signal],
      requestStream: false,
      responseStream: false,
      requestDeserialize: asIs,
      requestSerialize: asIs,
      responseDeserialize: asIs,
      responseSerialize: asIs,
    },
  }
}

/** Starts the OTLP/gRPC receiver on the same hop as OTLP/HTTP, with the same certificates. @throws OpsError `address_in_use`. */
export async function startGrpcServer(
  config: GrpcServerConfig,
  bounds: ReceiverBounds,
  certificates: WatchedCertificates | undefined,
  next: NextHops,
  metrics: Metrics,
  log: Logger,
): Promise<GrpcServer> {
  const server = new Server({
    'grpc.max_receive_message_length': config.otlpMaxBodyBytes,
    // Its records of calls and sockets, which nothing here reads.
    'grpc.enable_channelz': 0,
  })
  for (const signal of signals) {
    server.addService(serviceOf(signal), { Export: createExport(signal, bounds, next, metrics, log) })
  }
  const port = await bind(server, `${config.otlpHost}:${config.otlpGrpcPort}`, grpcCredentials(certificates))
  return { port, stop: () => stop(server) }
}

function createExport(
  signal: Signal,
  { budget, slots, gather, checkAccess }: ReceiverBounds,
  next: NextHops,
  metrics: Metrics,
  log: Logger,
): handleUnaryCall<Buffer, Buffer> {
  async function handle(body: Buffer, client: string, authorization: string | undefined): Promise<Buffer> {
    const access = checkAccess(authorization, 'ingest', client)
    if (access.status === 'unauthenticated') throw failure('unauthenticated', 'a token is required')
    if (access.status === 'forbidden') throw failure('forbidden', 'the token lacks the scope ingest')
    const { serviceNamespaces } = access
    if (!slots.take(client)) throw failure('too_many_requests', 'this client has too many requests under way')
    let heldBytes = 0
    const release = (): void => {
      budget.release(heldBytes)
      heldBytes = 0
      // grpc-js made the buffer for this message alone, and does not look at it again.
      freeBytes(body)
    }
    try {
      if (!budget.reserve(body.length)) throw failure('overloaded', 'too many bytes are under way')
      heldBytes = body.length
      metrics.receivedBytes.inc({ signal }, body.length)
      await gather(body.length)
      const outcome = await next.handle({
        signal,
        encoding: 'protobuf',
        body,
        // Forwarding keeps what was sent.
        releaseBody: next.forward === undefined ? release : () => {},
        serviceNamespaces,
      })
      if (outcome.status === 'refused') throw failure(outcome.code, outcome.message)
      next.forward?.({
        path: httpPaths[signal],
        contentType: 'application/x-protobuf',
        contentEncoding: 'identity',
        bytes: body,
      })
      metrics.requests.inc({ signal, outcome: outcome.rejectedItems > 0 ? 'partial' : 'accepted' })
      return encodeExportResponse('protobuf', signal, outcome.rejectedItems, outcome.message)
    } finally {
      budget.release(heldBytes)
      slots.free(client)
    }
  }

  return (call, callback) => {
    handle(call.request, clientOf(call.getPeer()), call.metadata.get('authorization')[0]?.toString()).then(
      (answer) => callback(null, answer),
      (error: unknown) => {
        if (isFailure(error)) {
          metrics.requests.inc({ signal, outcome: error.opsCode })
          callback(error)
          return
        }
        log.error({ err: error }, 'export request failed')
        metrics.requests.inc({ signal, outcome: 'internal' })
        callback(failure('overloaded', 'unexpected failure'))
      },
    )
  }
}

/** For what a repetition does not help. */
const permanentCodes: Readonly<Record<number, grpcStatus>> = {
  401: grpcStatus.UNAUTHENTICATED,
  403: grpcStatus.PERMISSION_DENIED,
  413: grpcStatus.RESOURCE_EXHAUSTED,
}

/** The address of `address:port`. */
function clientOf(peer: string): string {
  return peer.slice(0, Math.max(0, peer.lastIndexOf(':'))) || peer
}

type Failure = Pick<ServiceError, 'code' | 'details' | 'metadata'> & Error & { readonly opsCode: ErrorCode }

/**
 * UNAVAILABLE with RetryInfo for what a repetition helps, INVALID_ARGUMENT or RESOURCE_EXHAUSTED without it for what
 * it does not. Source: opentelemetry-proto, docs/specification.md "Failures" and "OTLP/gRPC Throttling".
 */
function failure(code: ErrorCode, message: string): Failure {
  const { status }: { status: number } = errorCatalogue[code]
  const retryable = status === 429 || status === 503
  const details = `${code}: ${message}`
  const grpcCode = retryable
    ? grpcStatus.UNAVAILABLE
    : (permanentCodes[status] ?? grpcStatus.INVALID_ARGUMENT)
  const metadata = new Metadata()
  if (retryable) {
    const statusBytes = encodeRetryStatus(grpcCode, details, retryAfterSeconds(code))
    metadata.set('grpc-status-details-bin', statusBytes)
  }
  return Object.assign(new Error(details), { code: grpcCode, details, metadata, opsCode: code })
}

function isFailure(error: unknown): error is Failure {
  return error instanceof Error && 'opsCode' in error
}

function bind(server: Server, address: string, credentials: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => {
      if (error)
        reject(
          new OpsError('address_in_use', `${address} cannot be listened on: ${error.message}`, {
            cause: error,
          }),
        )
      else resolve(port)
    })
  })
}

function stop(server: Server): Promise<void> {
  const cutOff = setTimeout(() => server.forceShutdown(), stopTimeoutMs)
  return new Promise((resolve) => {
    server.tryShutdown(() => {
      clearTimeout(cutOff)
      resolve()
    })
  })
}
