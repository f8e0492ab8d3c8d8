import type { Encoding } from '../../src/event/selected-event.ts'

export const compressions = ['identity', 'gzip', 'zstd'] as const
export type Compression = (typeof compressions)[number]

/** What the requests are like. */
export interface Workload {
  readonly encoding: Encoding
  readonly compression: Compression
  /** Of `spansPerRequest` spans, how many carry an upstream error. */
  readonly errorCount: number
}

export interface SendOrder {
  readonly url: string
  readonly connections: number
  readonly seconds: number
  /** Requests start at this rate whether or not earlier ones are answered. Without it each follows an answer. */
  readonly requestsPerSecond?: number
}

export interface SendResult {
  readonly acked: number
  /** Requests answered with another status, by status. */
  readonly refused: Readonly<Record<string, number>>
  readonly wallSeconds: number
  /** From the time a request was due to its answer. */
  readonly ackMs: Quantiles
  /** Processor time that the sender took. */
  readonly senderCpuSeconds: number
}

export interface Quantiles {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

export interface Prepared {
  readonly requestBytes: number
  readonly inflatedBytes: number
}

/** Orders to the sending process, each answered in turn. */
export type LoadOrder =
  | { readonly type: 'prepare'; readonly workload: Workload; readonly requests: number }
  | { readonly type: 'send'; readonly order: SendOrder }

export type LoadAnswer =
  | { readonly type: 'prepared'; readonly prepared: Prepared }
  | { readonly type: 'sent'; readonly result: SendResult }
  | { readonly type: 'failed'; readonly reason: string }
