import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Audit, type AuditInput, auditStore } from './audit.ts'
import { childEnv } from './child-env.ts'
import { linesOf } from './children.ts'
import { createEventTally, type EventTally } from './event-tally.ts'
import { exitFault } from './exit-rules.ts'
import { isDelivered, journalBytes } from './journal-lag.ts'
import { type Ledger, openLedger, readLedger } from './ledger.ts'
import { type ClientOptions, createLedgerClient, type LedgerClient } from './ledger-client.ts'
import { createExportMaker, type ExportShape } from './make-export.ts'
import { counterMismatches, readMetrics } from './metrics.ts'
import { exportEvents, listEvents } from './read-api.ts'
import type { StoreContents, StoreSums } from './read-store.ts'
import { type SidecarProcess, type Start, startSidecarProcess } from './sidecar-process.ts'

const mib = 2 ** 20
export const embeddedMemoryBytes = 512 * mib
/** The engine's bound, and as much for Node, the engine's code and the requests under way. */
const rssCapBytes = embeddedMemoryBytes + 512 * mib
export const segmentBytes = 256 * 1024
const sampleMs = 200
const deliveryTimeoutMs = 60_000
const readStoreScript = new URL('./read-store.ts', import.meta.url).pathname

export interface TrialOptions {
  readonly directory: string
  readonly random: () => number
  readonly shape?: Partial<ExportShape>
  readonly client?: Partial<ClientOptions>
  readonly env?: Readonly<Record<string, string>>
}

/** One store with its ledger, over the lives of as many sidecars as a scenario starts. */
export interface Trial {
  readonly dataDir: string
  readonly journalDir: string
  readonly ledger: Ledger
  readonly client: LedgerClient
  readonly env: Readonly<Record<string, string>>
  /** The sidecar that runs now. */
  readonly sidecar: SidecarProcess | undefined
  /** Starts a sidecar that must come up. @throws Error when it does not. */
  start(options?: StartVariant): Promise<SidecarProcess>
  /** Starts one that may end by itself. It is the trial's sidecar if it is up. */
  tryStart(options?: StartVariant): Promise<Start>
  /** Ends the sidecar at once and waits for its end. */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Stops it as a platform does. */
  stop(): Promise<void>
  violation(text: string): void
  /** Events that the scenario knows the sidecar to have reported as lost. */
  reportLost(events: number): void
  /** Of a stopped sidecar; runs the statements first. */
  readStore(...statements: string[]): Promise<StoreContents>
  /** Waits until all is acknowledged and delivered, then stops and compares. */
  finish(): Promise<Audit>
}

export interface StartVariant {
  readonly env?: Readonly<Record<string, string>>
  readonly prefix?: readonly string[]
}

const defaultShape: ExportShape = { minEvents: 1, maxEvents: 12, maxBodyBytes: 1500 }
const defaultClient: ClientOptions = {
  concurrency: 4,
  timeoutMs: 3000,
  pauseMs: 60,
  maxAttempts: 5,
  abandonedShare: 0.2,
  repeatedShare: 0.05,
  maxBacklog: 1000,
}

export function createTrial(options: TrialOptions): Trial {
  const dataDir = join(options.directory, 'data')
  const journalDir = join(dataDir, 'journal')
  mkdirSync(dataDir, { recursive: true })
  const env: Record<string, string> = {
    OPS_DATA_DIR: dataDir,
    OPS_OTLP_PORT: '0',
    OPS_OTLP_GRPC_PORT: '0',
    OPS_API_PORT: '0',
    OPS_JOURNAL_SEGMENT_BYTES: String(segmentBytes),
    OPS_JOURNAL_MAX_BYTES: '16MiB',
    OPS_JOURNAL_MIN_FREE_DISK_BYTES: '1MiB',
    OPS_BATCH_MAX_WAIT: '50ms',
    OPS_BATCH_MAX_ROWS: '100',
    OPS_EMBEDDED_MEMORY_BYTES: String(embeddedMemoryBytes),
    OPS_LOG_LEVEL: 'info',
    ...options.env,
  }
  const ledger = openLedger(join(options.directory, 'ledger.txt'))
  const violations = new Set<string>()
  let sidecar: SidecarProcess | undefined
  /** Also when it has ended. */
  let latest: SidecarProcess | undefined
  let reportedLost = 0
  const client = createLedgerClient(
    ledger,
    createExportMaker('r', { ...defaultShape, ...options.shape }, options.random),
    () => (sidecar?.exit() === undefined ? sidecar?.otlpUrl : undefined),
    { ...defaultClient, ...options.client },
    options.random,
  )

  async function sample(): Promise<void> {
    const rss = sidecar?.peakRssBytes() ?? 0
    if (rss > rssCapBytes) violations.add(`I4: over ${Math.floor(rssCapBytes / mib)} MiB of memory`)
    const cap = Number.parseInt(env.OPS_JOURNAL_MAX_BYTES ?? '', 10) * mib
    const bytes = await journalBytes(journalDir)
    if (bytes > cap) violations.add(`I4: the journal is over its ${cap / mib} MiB`)
  }
  const sampler = setInterval(() => void sample(), sampleMs)

  async function tryStart(variant: StartVariant = {}): Promise<Start> {
    const start = await startSidecarProcess({ ...variant, env: { ...env, ...variant.env } })
    if (start.status === 'up') {
      sidecar = start.sidecar
      latest = start.sidecar
    } else if (start.exit.signal !== 'SIGKILL') {
      const fault = exitFault(start)
      if (fault) violations.add(fault)
    }
    return start
  }

  async function start(variant?: StartVariant): Promise<SidecarProcess> {
    const result = await tryStart(variant)
    if (result.status === 'up') return result.sidecar
    throw new Error(
      `the sidecar does not start (${JSON.stringify(result.exit)}): ${result.stderr.slice(-1500)}`,
    )
  }

  async function stop(): Promise<void> {
    const exit = await sidecar?.stop(20_000)
    if (exit && exit.code !== 0) violations.add(`I5: SIGTERM ended with ${JSON.stringify(exit)}`)
    sidecar = undefined
  }

  async function delivered(): Promise<boolean> {
    const deadlineMs = performance.now() + deliveryTimeoutMs
    while (performance.now() < deadlineMs) {
      if (sidecar?.exit() !== undefined) return false
      if (await isDelivered(journalDir).catch(() => false)) return true
      await sleep(100)
    }
    return false
  }

  async function readStore(...statements: string[]): Promise<StoreContents> {
    const stored = createEventTally()
    let sums: StoreSums | undefined
    for await (const line of linesOf([process.execPath, readStoreScript, ...statements], childEnv(env))) {
      if (line.startsWith('{')) sums = JSON.parse(line) as StoreSums
      else stored.add(line)
    }
    if (sums === undefined) throw new Error('the store was not read to its end')
    return { ...sums, stored }
  }

  async function settle(): Promise<AuditInput['read']> {
    const living = sidecar !== undefined && sidecar.exit() === undefined ? sidecar : await start()
    await client.pause()
    await client.resend(30_000)
    if (client.unacknowledged() > 0)
      violations.add(`I5: ${client.unacknowledged()} exports are still refused after the fault`)
    if (!(await delivered())) violations.add('I5: the journal is not drained a minute after the fault')
    for (const mismatch of counterMismatches(await readMetrics(living.apiUrl))) violations.add(mismatch)
    const read: Record<string, EventTally> = {}
    for (const [way, readEvents] of Object.entries({ list: listEvents, export: exportEvents })) {
      try {
        read[way] = await readEvents(living.apiUrl)
      } catch (error) {
        violations.add(`I2: ${way}: ${String(error)}`)
      }
      await sample()
    }
    return read
  }

  return {
    dataDir,
    journalDir,
    ledger,
    client,
    env,
    get sidecar() {
      return sidecar
    },
    start,
    tryStart,
    async kill(signal = 'SIGKILL') {
      sidecar?.kill(signal)
      await sidecar?.exited
      sidecar = undefined
    },
    stop,
    violation: (text) => void violations.add(text),
    reportLost(events) {
      reportedLost += events
    },
    readStore,
    async finish() {
      try {
        const read = await settle()
        await stop()
        const contents = await readLedger(ledger.path)
        const audit = auditStore({ ledger: contents, store: await readStore(), read, reportedLost })
        for (const fault of client.faults) violations.add(fault)
        return { ...audit, violations: [...violations, ...audit.violations] }
      } finally {
        writeFileSync(join(options.directory, 'sidecar.log'), latest?.stderr() ?? '')
        clearInterval(sampler)
        sidecar?.kill('SIGKILL')
        await client.pause()
        client.close()
        ledger.close()
      }
    },
  }
}
