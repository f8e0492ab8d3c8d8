import type { Server as TlsServer } from 'node:tls'
import swagger from '@fastify/swagger'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type HTTPMethods,
  LogController,
} from 'fastify'
import type { WatchedCertificates } from '../access/certificates.ts'
import type { CheckAccess } from '../access/token.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Redactor } from '../redaction/create-redactor.ts'
import type { Retries } from '../retry/retry-error.ts'
import type { ChangeGroup } from '../store/group-states.ts'
import type { RestrictedReader } from '../store/query.ts'
import type { StoredBatches } from '../store/stored-batches.ts'
import { addRequestAudit } from './audit-requests.ts'
import { addAuthorization } from './authorize.ts'
import { addBrowserDefences } from './browser-defences.ts'
import { addConditionalAnswers } from './caching.ts'
import { compileWhenUsed } from './compile-when-used.ts'
import { handleError, sendProblem } from './problem.ts'
import { parseQueryString } from './query-string.ts'
import { addRateLimits, noRateLimits, type RateLimits } from './rate-limits.ts'
import type { Readiness } from './readiness.ts'
import { type ConsoleParts, consoleRoutes } from './routes/console.ts'
import { countRoute } from './routes/count.ts'
import { docsRoutes } from './routes/docs.ts'
import { exportRoute } from './routes/export.ts'
import { groupStateRoutes } from './routes/group-states.ts'
import { groupsRoute } from './routes/groups.ts'
import { healthRoutes } from './routes/health.ts'
import { histogramRoute } from './routes/histogram.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { requestErrorRoutes } from './routes/request-errors.ts'
import { requestStoryRoute } from './routes/request-story.ts'
import { retryRoutes } from './routes/retries.ts'
import { tailRoute } from './routes/tail.ts'
import { throttlingRoute } from './routes/throttling.ts'
import { topRoute } from './routes/top.ts'
import { upstreamErrorRoutes } from './routes/upstream-errors.ts'

export interface ApiParts {
  readonly reader: RestrictedReader
  readonly storedBatches: StoredBatches
  /** For files while they are being exported. */
  readonly scratchDirectory: string
  readonly changeGroup: ChangeGroup
  /** Undefined: no gateway is configured to send requests to again. */
  readonly retries?: Retries | undefined
  readonly metrics: Metrics
  readonly readiness: () => Promise<Readiness>
  readonly version: string
  /** The address that the API is bound to. */
  readonly host: string
  readonly checkAccess: CheckAccess
  /** Default: none. */
  readonly rateLimits?: RateLimits
  /** The API speaks TLS when there are any. */
  readonly certificates?: WatchedCertificates | undefined
  /** Undefined = nothing is noted. */
  readonly audit?: AuditLog
  /** Takes secrets out of what is noted or shown of requests. */
  readonly redactor?: Redactor
  /** The web console is served when they are given. */
  readonly console?: ConsoleParts
  readonly log: FastifyBaseLogger
}

/** Node's own bounds are 60 s for headers and any number of connections. */
const requestTimeoutMs = 30_000
const headersTimeoutMs = 10_000
const keepAliveTimeoutMs = 65_000
/** More than queries that wait for the store: who finds that line full is answered 503, not cut off. */
export const maxConnections = 4096

/** The API, ready to listen. */
export async function buildApi(parts: ApiParts): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: parts.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 1024 * 1024,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    routerOptions: { maxParamLength: 256, querystringParser: parseQueryString },
    schemaController: { compilersFactory: compileWhenUsed() },
    ajv: { customOptions: { removeAdditional: false, coerceTypes: 'array', allErrors: false } },
    ...httpsOptions(parts.certificates),
  }).withTypeProvider<TypeBoxTypeProvider>()
  parts.certificates?.onChange(({ cert, key }) =>
    (app.server as unknown as TlsServer).setSecureContext({ cert, key }),
  )

  app.server.headersTimeout = headersTimeoutMs
  app.server.maxConnections = maxConnections

  app.setErrorHandler(handleError)
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, 'not_found', `there is no ${request.method} ${request.url.split('?', 1)[0]}`),
  )
  app.addHook('onResponse', async (request, reply) => {
    parts.metrics.querySeconds.observe(
      { route: request.routeOptions.url ?? 'none', status: String(reply.statusCode) },
      reply.elapsedTime / 1000,
    )
  })
  addBrowserDefences(app, parts.host)
  addAuthorization(app, parts.checkAccess)
  if (parts.audit && parts.redactor) addRequestAudit(app, parts.audit, parts.redactor)
  await addRateLimits(app, parts.rateLimits ?? noRateLimits)
  addConditionalAnswers(app)
  const paths = collectPaths(app)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'ops-sidecar',
        version: parts.version,
        description: 'Upstream errors of API and LLM gateways: find, count, group, export and follow them.',
      },
      tags: [
        { name: 'upstream errors', description: 'The events themselves' },
        { name: 'counts', description: 'How many there are, of what and when' },
        { name: 'request errors', description: 'Requests that the gateway answered with an error' },
        { name: 'operations', description: 'Of the sidecar itself' },
      ],
    },
  })
  const { run } = parts.reader
  await app.register(upstreamErrorRoutes(run))
  await app.register(countRoute(run))
  await app.register(histogramRoute(run))
  await app.register(topRoute(run))
  await app.register(groupsRoute(run))
  await app.register(groupStateRoutes(run, parts.changeGroup))
  await app.register(throttlingRoute(run))
  await app.register(exportRoute(parts.reader, parts.scratchDirectory))
  await app.register(tailRoute(run, parts.storedBatches))
  await app.register(requestErrorRoutes(run))
  await app.register(retryRoutes(run, parts.retries))
  await app.register(requestStoryRoute(run))
  await app.register(healthRoutes(parts.readiness))
  await app.register(metricsRoutes(parts.metrics.registry))
  await app.register(docsRoutes)
  if (parts.console) await app.register(consoleRoutes(parts.console, parts.version))
  refuseOtherMethods(app, paths)
  await app.ready()
  return app
}

/** Browsers are not asked for a certificate: the API knows its callers by their tokens. */
function httpsOptions(certificates: WatchedCertificates | undefined): object {
  if (certificates === undefined) return {}
  const { cert, key } = certificates.current()
  return { https: { cert, key } }
}

/** The methods of every route, as they are registered. */
function collectPaths(app: FastifyInstance): Map<string, Set<string>> {
  const paths = new Map<string, Set<string>>()
  app.addHook('onRoute', (route) => {
    const methods = paths.get(route.url) ?? new Set<string>()
    for (const method of [route.method].flat()) methods.add(method)
    paths.set(route.url, methods)
  })
  return paths
}

const allMethods: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** A known path with another method is 405 with `Allow`, not 404. */
function refuseOtherMethods(app: FastifyInstance, paths: ReadonlyMap<string, ReadonlySet<string>>): void {
  for (const [url, methods] of [...paths]) {
    const allow = [...methods].join(', ')
    app.route({
      url,
      method: allMethods.filter((method) => !methods.has(method)),
      schema: { hide: true },
      handler: (request, reply) => {
        reply.header('allow', allow)
        return sendProblem(reply, 'method_not_allowed', `${request.method} is not a method of ${url}`)
      },
    })
  }
}
