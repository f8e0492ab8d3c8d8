import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Metrics } from '../metrics/metrics.ts'
import type { Forward, SentPayload } from '../receiver/export-request.ts'

export interface ForwardingOptions {
  /** Base URL of the other OTLP/HTTP endpoint; the signal's path is added. */
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  readonly maxQueueBytes: number
  /** Time of one attempt. */
  readonly timeoutMs: number
  /** Time after which a payload is given up, repetitions included. */
  readonly maxElapsedMs: number
  readonly metrics: Metrics
  readonly log: Logger
}

export interface Forwarding {
  readonly forward: Forward
  readonly queuedBytes: number
  /** Sends what waits as far as the time allows; the rest is counted as dropped. */
  stop(timeoutMs: number): Promise<void>
}

/** Requests under way at the other endpoint. */
const concurrency = 4
const firstPauseMs = 500
const maxPauseMs = 15_000
/** Source: opentelemetry-proto, docs/specification.md "Retryable Response Codes". */
const retryable = new Set([429, 502, 503, 504])

type Attempt =
  | { readonly status: 'sent' }
  | { readonly status: 'retry'; readonly afterMs: number }
  | { readonly status: 'refused'; readonly code: number }

/**
 * Passes payloads on to another OTLP/HTTP endpoint, unchanged. Independent of everything else: its queue is its own,
 * what it gives up is counted, and nobody waits for it.
 */
export function startForwarding(options: ForwardingOptions): Forwarding {
  const { metrics, log } = options
  const base = options.endpoint.replace(/\/+$/, '')
  const queue: SentPayload[] = []
  const running = new Set<Promise<void>>()
  const cutOff = new AbortController()
  let queuedBytes = 0
  let stopping = false

  function forward(payload: SentPayload): boolean {
    if (stopping || queuedBytes + payload.bytes.length > options.maxQueueBytes) {
      metrics.forwardedPayloads.inc({ outcome: 'dropped_queue_full' })
      return false
    }
    queuedBytes += payload.bytes.length
    queue.push(payload)
    pump()
    return true
  }

  function pump(): void {
    while (running.size < concurrency) {
      const payload = queue.shift()
      if (payload === undefined) return
      const work = deliver(payload).finally(() => {
        queuedBytes -= payload.bytes.length
        running.delete(work)
        pump()
      })
      running.add(work)
    }
  }

  async function deliver(payload: SentPayload): Promise<void> {
    const deadlineMs = Date.now() + options.maxElapsedMs
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, maxPauseMs)) {
      const attempt = await send(payload)
      if (attempt.status === 'sent') {
        metrics.forwardedPayloads.inc({ outcome: 'sent' })
        return
      }
      if (attempt.status === 'refused') {
        metrics.forwardedPayloads.inc({ outcome: 'refused' })
        log.warn({ status: attempt.code, path: payload.path }, 'a forwarded payload was refused')
        return
      }
      const waitMs = Math.max(attempt.afterMs, pauseMs / 2 + (Math.random() * pauseMs) / 2)
      if (cutOff.signal.aborted || Date.now() + waitMs > deadlineMs) {
        metrics.forwardedPayloads.inc({ outcome: 'dropped_unreachable' })
        return
      }
      await sleep(waitMs, undefined, { signal: cutOff.signal }).catch(() => {})
    }
  }

  async function send({ path, contentType, contentEncoding, bytes }: SentPayload): Promise<Attempt> {
    const encodingHeader = contentEncoding === 'identity' ? {} : { 'content-encoding': contentEncoding }
    try {
      const response = await fetch(base + path, {
        method: 'POST',
        headers: { ...options.headers, 'content-type': contentType, ...encodingHeader },
        body: bytes as Uint8Array<ArrayBuffer>,
        redirect: 'error',
        signal: AbortSignal.any([cutOff.signal, AbortSignal.timeout(options.timeoutMs)]),
      })
      await response.body?.cancel()
      if (response.ok) return { status: 'sent' }
      if (!retryable.has(response.status)) return { status: 'refused', code: response.status }
      return { status: 'retry', afterMs: Number(response.headers.get('retry-after') ?? 0) * 1000 || 0 }
    } catch {
      return { status: 'retry', afterMs: 0 }
    }
  }

  return {
    forward,
    get queuedBytes() {
      return queuedBytes
    },
    async stop(timeoutMs) {
      stopping = true
      const timer = setTimeout(() => cutOff.abort(), timeoutMs)
      while (running.size > 0) await Promise.all(running)
      clearTimeout(timer)
    },
  }
}
