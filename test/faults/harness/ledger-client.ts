import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ledger } from './ledger.ts'
import type { Export } from './make-export.ts'
import { type Answer, partialSuccess, sendExport } from './send-export.ts'

export interface ClientOptions {
  readonly concurrency: number
  readonly timeoutMs: number
  /** Pause of each worker between two exports. */
  readonly pauseMs: number
  /** Attempts at one export before it is left for `resend`. */
  readonly maxAttempts: number
  /** Share of exports that are given up after a failed first attempt, as by a client that dies. */
  readonly abandonedShare: number
  /** Share of acknowledged exports that are sent once more, as after a lost answer. */
  readonly repeatedShare: number
  /** Exports that are kept for `resend`; what is refused beyond them is given up, as an exporter's full queue gives it up. */
  readonly maxBacklog: number
}

export interface LedgerClient {
  start(): void
  /** Ends the load when the attempts under way have ended. */
  pause(): Promise<void>
  /** Sends what is neither acknowledged nor given up until it is, or until nothing was for so long. */
  resend(patienceMs: number): Promise<void>
  /** Attempts since the last call. */
  takeAnswers(): readonly Answer[]
  unacknowledged(): number
  /** Answers that an OTLP client must never get. */
  readonly faults: readonly string[]
  close(): void
}

/** OTLP/HTTP: only these are sent again. */
const retryable = new Set([0, 429, 502, 503, 504])

/** A client that writes down what it sends before it does, and every answer. It follows the sidecar's changing URL. */
export function createLedgerClient(
  ledger: Ledger,
  makeExport: () => Export,
  url: () => string | undefined,
  options: ClientOptions,
  random: () => number,
): LedgerClient {
  const agent = new Agent({ keepAlive: true, maxSockets: options.concurrency + 2 })
  const open = new Map<number, Export>()
  const faults = new Set<string>()
  let answers: Answer[] = []
  let running = false
  let workers: Promise<void>[] = []

  async function attempt(item: Export): Promise<boolean> {
    const base = url()
    const answer: Answer =
      base === undefined
        ? { status: 0, retryAfter: undefined, elapsedMs: 0 }
        : await sendExport(agent, base, item, options.timeoutMs)
    ledger.answered(item.id, answer.status)
    answers.push(answer)
    const { status } = answer
    if ((status === 503 || status === 429) && answer.retryAfter === undefined)
      faults.add(`${status} without Retry-After`)
    if (status !== 200 && status !== partialSuccess && !retryable.has(status))
      faults.add(`a valid export was answered ${status}`)
    if (status === 200 || !retryable.has(status)) open.delete(item.id)
    return !open.has(item.id)
  }

  async function sendNew(): Promise<void> {
    const item = makeExport()
    open.set(item.id, item)
    ledger.sent(item.id, item.requestIds)
    const abandoned = random() < options.abandonedShare
    const repeated = random() < options.repeatedShare
    for (let count = 0; count < options.maxAttempts && running; count++) {
      if (await attempt(item)) break
      if (abandoned) {
        open.delete(item.id)
        return
      }
      await sleep(20 + random() * 80)
    }
    if (open.has(item.id) && open.size > options.maxBacklog + options.concurrency) {
      open.delete(item.id)
      return
    }
    if (repeated && !open.has(item.id) && running) {
      const base = url()
      if (base !== undefined) await sendExport(agent, base, item, options.timeoutMs)
    }
  }

  async function work(): Promise<void> {
    while (running) {
      await sendNew()
      if (options.pauseMs > 0) await sleep(options.pauseMs)
    }
  }

  return {
    start() {
      if (running) return
      running = true
      workers = Array.from({ length: options.concurrency }, work)
    },
    async pause() {
      running = false
      await Promise.all(workers)
      workers = []
    },
    async resend(patienceMs) {
      let deadlineMs = performance.now() + patienceMs
      while (open.size > 0 && performance.now() < deadlineMs) {
        const items = [...open.values()].slice(0, options.concurrency)
        const ended = await Promise.all(items.map(attempt))
        if (ended.some(Boolean)) deadlineMs = performance.now() + patienceMs
        else await sleep(100)
      }
    },
    takeAnswers() {
      const taken = answers
      answers = []
      return taken
    },
    unacknowledged: () => open.size,
    get faults() {
      return [...faults]
    },
    close: () => agent.destroy(),
  }
}
