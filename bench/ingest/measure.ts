import { setTimeout as sleep } from 'node:timers/promises'
import type { LoadClient } from './load-client.ts'
import type { SendResult, Workload } from './load-messages.ts'
import { spansPerRequest } from './payload.ts'
import { readThreadTimes, readUsage, type ThreadTimes, timesBetween } from './process-usage.ts'
import type { StartTarget, Target } from './target.ts'

export interface MeasureOptions {
  readonly seconds: number
  readonly connections: number
  /** Also send at half of the rate that was reached, and take the time to each answer. */
  readonly latency: boolean
  /** Time of that at least: in a few seconds the 99th percentile is one stall of the machine. */
  readonly latencySeconds: number
  /** Requests a second of that; without it, half of what was reached. */
  readonly rate?: number
  /** Rows that one acknowledged request makes. */
  readonly rowsPerRequest: (workload: Workload) => number
}

export interface Measurement {
  readonly name: string
  readonly workload: Workload
  readonly requestBytes: number
  readonly inflatedBytes: number
  readonly sent: SendResult
  /** From the first request until the last row was delivered. */
  readonly deliveredSeconds: number
  readonly rows: number
  /** Acknowledged and not delivered, since the target started. */
  readonly missingRows: number
  /** Of all threads, from the first request until the last row was delivered. */
  readonly cpuSeconds: number
  /** In the same time, by the name of the threads. */
  readonly threadTimes: ReadonlyMap<string, ThreadTimes>
  readonly idleRssBytes: number
  readonly peakRssBytes: number
  readonly halfLoad: HalfLoad | undefined
}

export interface HalfLoad extends SendResult {
  /** By the name of the threads. */
  readonly threadTimes: ReadonlyMap<string, ThreadTimes>
}

/** Fewer say nothing about one of a hundred. */
const latencyRequests = 500
const maxLatencySeconds = 60
const calibrationRequests = 200
/** The rate can be higher than what the calibration saw. */
const poolMargin = 1.3
const maxPoolBytes = 3e9
const settleMs = 1000
/** Without a new row for so long, no more are waited for. */
const stalledMs = 20_000
const pollMs = 200

/** Measures one workload on a target of its own, from start to stop. @throws Error when rows are missing or too many. */
export async function measure(
  start: StartTarget,
  client: LoadClient,
  workload: Workload,
  options: MeasureOptions,
): Promise<Measurement> {
  const target = await start()
  const { connections } = options
  const rowsPerRequest = options.rowsPerRequest(workload)
  const order = { url: target.otlpUrl, connections }
  let ackedRequests = 0
  let missingRows = 0
  let isStopped = false

  async function send(seconds: number, requestsPerSecond?: number): Promise<SendResult> {
    const result = await client.send({
      ...order,
      seconds,
      ...(requestsPerSecond === undefined ? {} : { requestsPerSecond }),
    })
    ackedRequests += result.acked
    return result
  }
  async function delivered(): Promise<Delivered> {
    const acknowledged = ackedRequests * rowsPerRequest
    const end = await waitForRows(target, acknowledged - missingRows, acknowledged)
    missingRows = acknowledged - end.rows
    return end
  }

  try {
    await sleep(settleMs)
    const idleRssBytes = readUsage(target.pid).rssBytes
    // Compiled code and grown buffers are what a receiver that has run for a while has. Uncompressed requests need
    // no preparation, so that there are enough of them.
    await client.prepare({ ...workload, compression: 'identity' }, 0)
    await send(options.seconds)
    await delivered()
    const sizes = await client.prepare(workload, calibrationRequests)
    const calibration = await send(options.seconds)
    const requestsFor = (requestsPerSecond: number, seconds: number): number => {
      const wanted = requestsPerSecond * seconds * poolMargin
      return Math.min(
        Math.max(Math.ceil(wanted), calibrationRequests),
        Math.floor(maxPoolBytes / sizes.requestBytes),
      )
    }
    const rowsBefore = (await delivered()).rows
    await client.prepare(workload, requestsFor(calibration.acked / calibration.wallSeconds, options.seconds))
    await sleep(settleMs)

    const before = readUsage(target.pid).cpuSeconds
    const threadsBefore = readThreadTimes(target.pid)
    const startedAtMs = performance.now()
    const sent = await send(options.seconds)
    const end = await delivered()
    const after = readUsage(target.pid)
    const deliveredSeconds = Math.max((end.atMs - startedAtMs) / 1000, sent.wallSeconds)
    const threadTimes = timesBetween(threadsBefore, readThreadTimes(target.pid))

    let halfLoad: HalfLoad | undefined
    if (options.latency) {
      const halfRate = options.rate ?? sent.acked / deliveredSeconds / 2
      const seconds = Math.max(
        options.latencySeconds,
        Math.min(latencyRequests / halfRate, maxLatencySeconds),
      )
      await client.prepare(workload, requestsFor(halfRate, seconds))
      const timesBefore = readThreadTimes(target.pid)
      const result = await send(seconds, halfRate)
      halfLoad = { ...result, threadTimes: timesBetween(timesBefore, readThreadTimes(target.pid)) }
      await delivered()
    }
    isStopped = true
    await target.stop(ackedRequests * rowsPerRequest)
    return {
      name: target.name,
      workload,
      ...sizes,
      sent,
      deliveredSeconds,
      rows: end.rows - rowsBefore,
      missingRows,
      cpuSeconds: after.cpuSeconds - before,
      threadTimes,
      idleRssBytes,
      peakRssBytes: after.peakRssBytes,
      halfLoad,
    }
  } finally {
    if (!isStopped) await target.stop(0).catch(() => {})
  }
}

interface Delivered {
  readonly rows: number
  /** `performance.now()` when the last of them was seen. */
  readonly atMs: number
}

/** Resolves to the delivered rows: as many as wanted, or what is there when nothing comes any more. */
async function waitForRows(target: Target, wanted: number, acknowledged: number): Promise<Delivered> {
  let lastRows = 0
  let progressAtMs = performance.now()
  for (;;) {
    const rows = await target.deliveredRows()
    if (rows > acknowledged)
      throw new Error(`${target.name}: ${rows} rows for ${acknowledged} acknowledged events`)
    if (rows > lastRows) progressAtMs = performance.now()
    if (rows >= wanted) return { rows, atMs: progressAtMs }
    lastRows = rows
    if (performance.now() - progressAtMs > stalledMs) {
      if (!target.mustDeliverAll) return { rows, atMs: progressAtMs }
      throw new Error(`${target.name}: only ${rows} of ${acknowledged} rows arrived`)
    }
    await sleep(pollMs)
  }
}

/** Spans for each second of `seconds`. */
export function spanRate({ sent }: Measurement, seconds: number): number {
  return (sent.acked * spansPerRequest) / seconds
}
