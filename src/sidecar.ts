import { lookup } from 'node:dns/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { watchCertificates } from './access/certificates.ts'
import { checkBinding, checkClickHouseHttp } from './access/check-binding.ts'
import { readTokens } from './access/read-tokens.ts'
import { createCheckAccess } from './access/token.ts'
import { createReadiness } from './api/readiness.ts'
import { auditDenied } from './audit/audit-denied.ts'
import { auditLogPath, openAuditLog } from './audit/audit-log.ts'
import { changedSettings } from './audit/changed-settings.ts'
import { batchBytes } from './batch-bytes.ts'
import { deadLetterDirectory } from './commands/dead-letter.ts'
import { migrationsDirectory } from './commands/migrate.ts'
import type { Config } from './config.ts'
import { dataDirectoryId } from './data-directory-id.ts'
import { createRecentEvents } from './deduplication/recent-events.ts'
import { type Checkpoint, readCheckpoint } from './delivery/checkpoint.ts'
import { startDelivery } from './delivery/deliver.ts'
import { OpsError } from './errors.ts'
import type { Journal } from './journal/journal.ts'
import { observeJournal } from './journal/journal-metrics.ts'
import { lockDataDirectory } from './lock-data-directory.ts'
import { createMetrics } from './metrics/metrics.ts'
import { checkpointPath, journalPressure, openConfiguredJournal } from './open-configured-journal.ts'
import { readRedactionSettings } from './redaction/read-redaction-file.ts'
import { createConfiguredRedactor } from './redaction/redaction-settings.ts'
import { failInterrupted } from './retry/interrupted.ts'
import { createRetries } from './retry/retry-error.ts'
import { readRetrySettings } from './retry/retry-settings.ts'
import { serveEmbeddedStore } from './serve-embedded-store.ts'
import { type Receivers, startReceivers } from './start-receivers.ts'
import { retentionOf } from './store/apply-retention.ts'
import { applySchema } from './store/apply-schema.ts'
import { openStoreClients, type StoreClients } from './store/client.ts'
import { createDeliveryStore } from './store/delivery-store.ts'
import { createChangeGroup } from './store/group-states.ts'
import { createInsertBatch } from './store/insert-batch.ts'
import { readMigrations } from './store/migrate.ts'
import { loadRecentIds } from './store/queries/recent-ids.ts'
import { createStoreReader } from './store/query.ts'
import { createRetryAttempts } from './store/retry-attempts.ts'
import { announceStored, createStoredBatches } from './store/stored-batches.ts'
import { storedBatchesFile } from './store/stored-batches-file.ts'
import { watchWrites } from './store/watch-writes.ts'

export interface Sidecar extends Receivers {
  readonly apiPort: number
  readonly storeKind: StoreClients['kind']
  /** Of the embedded store's HTTP interface, where it is served. */
  readonly clickhouseHttpPort: number | undefined
  /** Near end first: refuses new exports, delivers what the time allows, keeps the rest in the journal. Safe twice. */
  stop(): Promise<void>
}

/** Built by `npm run console:build`; a build of the sidecar has it beside itself. */
const consoleDirectory = fileURLToPath(
  new URL(import.meta.filename.endsWith('.ts') ? '../dist/console' : './console', import.meta.url),
)
const recentEvents = 500_000
const recentFromStoreMs = 15 * 60_000

/**
 * Starts every hop, the far end first, so that each one starts into a living next one.
 * @throws OpsError when the data directory is taken, the store cannot be opened or migrated, or a port is in use.
 */
export async function startSidecar(config: Config, version: string, log: Logger): Promise<Sidecar> {
  const stops: (() => unknown)[] = []
  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopped ??= stopAll(stops)
    return stopped
  }
  try {
    return { ...(await startHops(config, version, log, stops)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Stops what was started, the last started first. */
async function stopAll(stops: readonly (() => unknown)[]): Promise<void> {
  for (const stop of stops.toReversed()) await stop()
}

async function startHops(
  config: Config,
  version: string,
  log: Logger,
  stops: (() => unknown)[],
): Promise<Omit<Sidecar, 'stop'>> {
  checkBinding(config)
  if (config.clickhouseHttp) checkClickHouseHttp(config)
  const certificates = watchCertificates(config, log)
  stops.push(() => certificates?.stop())
  const retrySettings = await readRetrySettings(config)
  const redaction = readRedactionSettings(config)
  const redactor = createConfiguredRedactor(redaction)
  stops.push(await lockDataDirectory(config.dataDir))
  const audit = openAuditLog(auditLogPath(config), log)
  stops.push(() => audit.close())
  const checkAccess = auditDenied(createCheckAccess(readTokens(config.tokensFile)), audit)
  const metrics = createMetrics()
  const { clients, journal, checkpoint } = await openStores(config, log, stops)
  const recent = createRecentEvents(recentEvents)
  const pressure = () => journalPressure(journal, config)
  const reader = createStoreReader(clients, {
    timeoutMs: config.queryTimeoutMs,
    maxMemoryBytes: Math.floor(config.embeddedMemoryBytes / 2),
    pressure,
  })
  const attempts = createRetryAttempts(clients, reader.run)
  const owner = await dataDirectoryId(config.dataDir)
  const startedAtMs = Date.now()
  const prepare = once(async () => {
    const wanted = retentionOf(config.retentionMs, config.bodyRetentionMs)
    await applySchema(clients, readMigrations(migrationsDirectory, clients.cluster), wanted)
    await failInterrupted(attempts, owner, startedAtMs)
    return loadRecentIds(clients, recent, Date.now() - recentFromStoreMs, recentEvents / 2)
  })
  await prepareNow(prepare, clients, log)
  const watched = clients.kind === 'embedded' ? watchWrites(clients.writes) : undefined
  stops.push(() => watched?.stop())
  const clickhouseHttpPort = await startClickHouseHttp(config, clients, stops)

  const storedBatches = createStoredBatches(
    undefined,
    storedBatchesFile(join(config.dataDir, 'stored-batches.ndjson')),
  )
  const store = announceStored(
    createDeliveryStore(clients, await createInsertBatch(clients, join(config.dataDir, 'insert'))),
    storedBatches,
  )
  // Until the backlog is delivered, any event could be one of it.
  recent.raiseHorizon(Number.POSITIVE_INFINITY)
  const delivery = startDelivery({
    journal,
    store,
    recent,
    checkpointPath: checkpointPath(config),
    checkpoint,
    recoveredUpTo: journal.stats().durableSequence,
    prepare,
    deadLetterDirectory: deadLetterDirectory(config),
    limits: { maxRows: config.batchMaxRows, maxBytes: batchBytes(config) },
    pace: {
      minWaitMs: Math.min(config.batchMinWaitMs, config.batchMaxWaitMs),
      maxWaitMs: config.batchMaxWaitMs,
    },
    metrics,
    log,
  })
  observeJournal(metrics, journal)
  stops.push(() => delivery.stop(config.shutdownTimeoutMs))

  const retries =
    retrySettings &&
    createRetries({
      settings: retrySettings,
      attempts,
      owner,
      pressure,
      redactor,
      lookUp: (hostname) => lookup(hostname, { all: true, order: 'verbatim' }),
      metrics,
      log,
    })
  let api: FastifyInstance | undefined
  stops.push(() => api?.close())
  stops.push(() => retries?.stop())
  const receivers = await startReceivers(
    config,
    checkAccess,
    certificates,
    redaction,
    recent,
    journal,
    metrics,
    log,
    stops,
  )
  // Last, as gateways should not wait for it: its code takes longer to load and compile than all that is needed to
  // receive.
  const { buildApi, maxConnections } = await import('./api/server.ts')
  api = await buildApi({
    reader,
    changeGroup: createChangeGroup(clients),
    retries,
    storedBatches,
    scratchDirectory: join(config.dataDir, 'export'),
    metrics,
    readiness: createReadiness(reader.run, journal, delivery),
    version,
    host: config.apiHost,
    checkAccess,
    rateLimits: {
      requestsPerMinute: config.apiRateLimit,
      msPerMinute: config.apiQueryBudgetMs,
      concurrent: config.apiMaxQueries,
    },
    certificates,
    audit,
    redactor,
    console: {
      directory: consoleDirectory,
      traceUrlTemplate: config.traceUrlTemplate,
      otlpPort: config.otlpPort,
    },
    log,
  })
  await listenApi(api, config, maxConnections)
  audit.record({ action: 'start', outcome: 'succeeded', version, settings: changedSettings(config) })
  stops.push(() => audit.record({ action: 'stop', outcome: 'succeeded' }))
  const apiPort = (api.server.address() as AddressInfo).port
  return { ...receivers, apiPort, storeKind: clients.kind, clickhouseHttpPort }
}

async function startClickHouseHttp(
  config: Config,
  { engine }: StoreClients,
  stops: (() => unknown)[],
): Promise<number | undefined> {
  if (!config.clickhouseHttp || engine === undefined) return undefined
  const http = await serveEmbeddedStore(config, engine, false)
  stops.push(() => http.stop(config.shutdownTimeoutMs))
  return http.port
}

/**
 * An embedded store that cannot be prepared is broken, unless the disk is full; that, and a server that is away, is
 * waited for by delivery.
 */
async function prepareNow(prepare: () => Promise<number>, clients: StoreClients, log: Logger): Promise<void> {
  try {
    await prepare()
  } catch (error) {
    // Of the catalogue, only what passes by itself is waited for: an outage, a time-out.
    const passes = !(error instanceof OpsError) || error.status === 503 || error.status === 504
    const noRoom = error instanceof OpsError && error.code === 'store_unavailable'
    if ((clients.kind === 'embedded' && !noRoom) || !passes) throw error
    log.warn({ err: error }, 'the store cannot be prepared yet; rows wait in the journal')
  }
}

/**
 * Opens the ClickHouse and the journal side by side: one takes the processor, the other waits for the disk. Every step
 * that is to be undone is added to `stops`, also when the other one fails.
 */
async function openStores(
  config: Config,
  log: Logger,
  stops: (() => unknown)[],
): Promise<{ clients: StoreClients; journal: Journal; checkpoint: Checkpoint }> {
  const openJournal = async () => {
    const checkpoint = (await readCheckpoint(checkpointPath(config))) ?? {
      version: 1 as const,
      delivered: 0,
      frozen: null,
    }
    const journal = await openConfiguredJournal(config, checkpoint.delivered, (alarm) =>
      log.error({ alarm }, 'journal alarm'),
    )
    stops.push(() => journal.close())
    await journal.release(checkpoint.delivered)
    return { journal, checkpoint }
  }
  const openClients = async () => {
    const clients = await openStoreClients(config, (parts) =>
      log.error({ parts }, 'writes of the embedded engine failed; broken parts were set aside'),
    )
    stops.push(() => clients.close())
    return clients
  }
  const [durable, clients] = await Promise.allSettled([openJournal(), openClients()])
  if (durable.status === 'rejected') throw durable.reason
  if (clients.status === 'rejected') throw clients.reason
  return { ...durable.value, clients: clients.value }
}

async function listenApi(api: FastifyInstance, config: Config, backlog: number): Promise<void> {
  try {
    await api.listen({ host: config.apiHost, port: config.apiPort, backlog })
  } catch (cause) {
    throw new OpsError(
      'address_in_use',
      `the API cannot listen on ${config.apiHost}:${config.apiPort}: ${(cause as Error).message}`,
      { cause },
    )
  }
}

/** Runs until it has worked once; that result stays. */
function once<Result>(work: () => Promise<Result>): () => Promise<Result> {
  let done: Promise<Result> | undefined
  return () => {
    done ??= work().catch((error: unknown) => {
      done = undefined
      throw error
    })
    return done
  }
}
