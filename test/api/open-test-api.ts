import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import pino from 'pino'
import { createCheckAccess } from '../../src/access/token.ts'
import { buildApi } from '../../src/api/server.ts'
import { toBatch } from '../../src/delivery/freeze-cycle.ts'
import type { DeliveryStore } from '../../src/delivery/store-port.ts'
import { createRowEncoder, upstreamErrorColumns, upstreamErrorTable } from '../../src/event/tables.ts'
import type { UpstreamErrorEvent } from '../../src/event/upstream-error-event.ts'
import { createMetrics } from '../../src/metrics/metrics.ts'
import { createChangeGroup } from '../../src/store/group-states.ts'
import { createStoreReader, type QueryLimits } from '../../src/store/query.ts'
import { announceStored, createStoredBatches, type StoredBatches } from '../../src/store/stored-batches.ts'
import { openTestStore, type TestStore } from '../support/store.ts'

export interface Answer<Body> {
  readonly status: number
  readonly headers: Record<string, unknown>
  readonly body: Body
  readonly text: string
}

export interface TestApi {
  readonly app: FastifyInstance
  readonly store: TestStore
  readonly storedBatches: StoredBatches
  /** Stores events as one batch for each week that they are of. */
  insert(events: readonly UpstreamErrorEvent[]): Promise<void>
  /** The answer to `/api/v1/upstream-errors` and what follows. */
  get<Body = Record<string, unknown>>(path: string, headers?: Record<string, string>): Promise<Answer<Body>>
  close(): Promise<void>
}

const encode = createRowEncoder<UpstreamErrorEvent>(upstreamErrorTable, upstreamErrorColumns)
const limits: QueryLimits = { timeoutMs: 10_000, maxMemoryBytes: 512 * 2 ** 20 }

/** The API over an engine of its own, without receiver and journal. */
export async function openTestApi(
  changes: Partial<QueryLimits & { batchCapacity: number }> = {},
): Promise<TestApi> {
  const store = await openTestStore()
  const storedBatches = createStoredBatches(changes.batchCapacity)
  const delivery = announceStored(store.delivery, storedBatches)
  const app = await buildApi({
    storedBatches,
    reader: createStoreReader(store.clients, { ...limits, ...changes }),
    scratchDirectory: join(store.directory, 'export'),
    changeGroup: createChangeGroup(store.clients),
    metrics: createMetrics(),
    readiness: async () => ({}),
    version: 'test',
    host: '127.0.0.1',
    checkAccess: createCheckAccess([]),
    log: pino({ level: 'silent' }),
  })
  return {
    app,
    store,
    storedBatches,
    async insert(events) {
      const weeks = Map.groupBy(events, (event) => upstreamErrorTable.partitionStart(event.created_at))
      for (const ofWeek of weeks.values()) await insertBatch(delivery, ofWeek)
    },
    async get<Body>(path: string, headers: Record<string, string> = {}) {
      const answer = await app.inject({ url: `/api/v1/upstream-errors${path}`, headers })
      const isJson = String(answer.headers['content-type']).includes('json')
      return {
        status: answer.statusCode,
        headers: answer.headers,
        body: (isJson && answer.payload !== ''
          ? JSON.parse(answer.payload.split('\n', 1)[0] ?? '')
          : undefined) as Body,
        text: answer.payload,
      }
    },
    async close() {
      await app.close()
      await store.close()
    },
  }
}

async function insertBatch(delivery: DeliveryStore, events: readonly UpstreamErrorEvent[]): Promise<void> {
  const rows = events.map((event) => encode(event, 'traces'))
  const result = await delivery.insert(toBatch(randomUUID(), rows), randomUUID())
  if (result.status !== 'stored') throw new Error(JSON.stringify(result))
}
