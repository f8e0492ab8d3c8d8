import { AsyncLocalStorage } from 'node:async_hooks'
import { type Context, context as otelContext, type Span } from '@opentelemetry/api'
import type { AttemptFacts } from './failed-attempt.ts'

/** An identifier as gateways keep it; the contract's columns are text. */
export type Identifier = string | number | bigint

/** What the gateway knows of the request it serves. Set what is known, when it is known. */
export interface RequestFields {
  requestId?: string | undefined
  /** The id that the client sent along. */
  clientRequestId?: string | undefined
  /** Upstream provider: openai, anthropic, gemini, antigravity, … */
  platform?: string | undefined
  /** The model that the client asked for. */
  model?: string | undefined
  /** The model that was asked of the upstream, where the gateway maps names. */
  upstreamModel?: string | undefined
  /** OpenTelemetry's operation name: chat, embeddings, … */
  operation?: string | undefined
  stream?: boolean | undefined
  accountId?: Identifier | undefined
  accountName?: string | undefined
  groupId?: Identifier | undefined
  userId?: Identifier | undefined
  /** The id of the client's API key, never the key. */
  apiKeyId?: Identifier | undefined
  method?: string | undefined
  path?: string | undefined
  clientIp?: string | undefined
  userAgent?: string | undefined
  authLatencyMs?: number | undefined
  routingLatencyMs?: number | undefined
  upstreamLatencyMs?: number | undefined
  responseLatencyMs?: number | undefined
  timeToFirstTokenMs?: number | undefined
}

/** What the final error record says of the last failed attempt. */
export interface FailedAttempt {
  readonly attempt: number
  readonly statusCode: number
  readonly kind: string
  readonly upstreamRequestId: string | undefined
  /** Seen on the wire; the gateway has not handed in its error yet. */
  isObserved: boolean
  /** Redacted; '' while the body is still being read. */
  message: string
  /** Redacted and cut. */
  detail: string
}

/** One gateway request, from its arrival to its answer. Fields may be set directly. */
export interface UpstreamContext extends RequestFields {
  /** `performance.now()` of the request's arrival. */
  readonly startedAt: number
  /** Failed attempts so far, oldest first; of very many only the newest. */
  attempts: readonly FailedAttempt[]
  /** Of all failed attempts: the number of the next one. */
  attemptCount: number
  /** Headers of the client's request, by reference; read only when there is an error to record. */
  requestHeaders: Readonly<Record<string, unknown>> | undefined
  /** OpenTelemetry's context of the request: parent of everything recorded for it. */
  parent: Context
  /** Requests to upstreams that were aborted, by their caller or by its client library's time limit. */
  undecided: readonly AttemptFacts[]
  /** A span that the SDK opened for a request that had none, ended with the request. */
  ownSpan: Span | undefined
  /** By reference, as the headers are; its body is read only when there is an error and bodies were asked for. */
  parsedRequest: { readonly body?: unknown } | undefined
  /** The body of an error answer to the client, as it was sent. */
  errorAnswer: string | Uint8Array | undefined
  /** What `failRequest` was told. */
  failure: RequestFailure | undefined
  /** Reads of error bodies that the final record waits for. */
  pending: Promise<void> | undefined
  ended: boolean
}

/** How a request failed, where the gateway knows better than what its status code tells. */
export interface RequestFailure {
  /** The part of the gateway that failed: request, auth, routing, upstream, response or internal. */
  readonly phase?: string | undefined
  readonly type?: string | undefined
  /** P1 to P3. */
  readonly severity?: string | undefined
  readonly message?: string | undefined
  /** The body that the client got. Default: what the adapters saw being sent. */
  readonly body?: unknown
  readonly statusCode?: number | undefined
  /** The client reached a limit of its contract (quota, balance, rate), which is no fault of the service. */
  readonly businessLimited?: boolean | undefined
  /** Sent only with `requestBodies` on. Default: what Fastify or Express parsed. */
  readonly requestBody?: unknown
}

const storage = new AsyncLocalStorage<UpstreamContext>()
/** Both shared by all requests without a failure. */
const noAttempts: readonly FailedAttempt[] = []
const noUndecided: readonly AttemptFacts[] = []
const noFields: RequestFields = {}

/** Opens the context of one gateway request. Give it to `runInUpstreamContext` and `endRequest`. */
export function openUpstreamContext(fields: RequestFields = noFields): UpstreamContext {
  // Every field by name, present or not: contexts of one shape are several times faster to make and to read.
  return {
    requestId: fields.requestId,
    clientRequestId: fields.clientRequestId,
    platform: fields.platform,
    model: fields.model,
    upstreamModel: fields.upstreamModel,
    operation: fields.operation,
    stream: fields.stream,
    accountId: fields.accountId,
    accountName: fields.accountName,
    groupId: fields.groupId,
    userId: fields.userId,
    apiKeyId: fields.apiKeyId,
    method: fields.method,
    path: fields.path,
    clientIp: fields.clientIp,
    userAgent: fields.userAgent,
    authLatencyMs: fields.authLatencyMs,
    routingLatencyMs: fields.routingLatencyMs,
    upstreamLatencyMs: fields.upstreamLatencyMs,
    responseLatencyMs: fields.responseLatencyMs,
    timeToFirstTokenMs: fields.timeToFirstTokenMs,
    startedAt: performance.now(),
    attempts: noAttempts,
    attemptCount: 0,
    requestHeaders: undefined,
    parent: otelContext.active(),
    undecided: noUndecided,
    ownSpan: undefined,
    parsedRequest: undefined,
    errorAnswer: undefined,
    failure: undefined,
    pending: undefined,
    ended: false,
  }
}

/** Runs `work` so that everything it awaits or starts sees this context. */
export function runInUpstreamContext<Result>(context: UpstreamContext, work: () => Result): Result {
  return storage.run(context, work)
}

/** The context of the gateway request that is being served here, if one was opened. */
export function currentUpstreamContext(): UpstreamContext | undefined {
  return storage.getStore()
}

/** Adds to the current request's context; does nothing outside of one. */
export function setRequestFields(fields: RequestFields): void {
  const current = storage.getStore()
  if (current !== undefined) Object.assign(current, fields)
}

/** Says how the current request failed. The record itself is emitted when the request ends. */
export function failRequest(failure: RequestFailure, context = storage.getStore()): void {
  if (context !== undefined) context.failure = { ...context.failure, ...failure }
}

export type Stage = 'auth' | 'routing' | 'upstream' | 'response'

/** Adds `durationMs` to a stage of the current request. */
export function addStageLatency(stage: Stage, durationMs: number): void {
  const current = storage.getStore()
  if (current === undefined) return
  const field = `${stage}LatencyMs` as const
  current[field] = (current[field] ?? 0) + durationMs
}

/** Runs one stage of the current request and adds the time it took, whether it succeeds or throws. */
export async function timeStage<Result>(stage: Stage, work: () => Result | Promise<Result>): Promise<Result> {
  const startedAt = performance.now()
  try {
    return await work()
  } finally {
    addStageLatency(stage, performance.now() - startedAt)
  }
}
