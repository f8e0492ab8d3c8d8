import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { guarded } from './guard.ts'
import { recordRepeated } from './record-unanswered.ts'
import {
  type ChunkMessage,
  type ErrorMessage,
  type HeadersMessage,
  headersFromPairs,
  type RequestMessage,
  type UndiciRequest,
} from './undici-messages.ts'
import { currentUpstreamContext } from './upstream-context.ts'
import type { UpstreamErrorDetails } from './upstream-error-details.ts'
import { isUpstreamErrorStatus, platformOfHost } from './upstream-hosts.ts'
import { type WatchedAttempt, watchAttempt } from './watch-attempt.ts'

export interface InstrumentUndiciOptions {
  /** Platforms by origin (`https://llm.example.com`), besides the public hosts of the known providers. */
  readonly upstreams?: Readonly<Record<string, string>> | undefined
  /** Which answers are recorded. Default: 429 and 5xx. */
  readonly isError?: ((statusCode: number) => boolean) | undefined
}

/**
 * Records failed attempts of everything in the process that goes through undici, Node's own fetch included, without
 * touching the callers: it only listens on undici's diagnostics channels. Requests to other hosts than upstreams
 * are passed over. Use this or `instrumentFetch` for one client, not both.
 * @returns a function that stops listening.
 */
export function instrumentUndici(options: InstrumentUndiciOptions = {}): () => void {
  const isError = options.isError ?? isUpstreamErrorStatus
  const platforms = new Map(
    Object.entries(options.upstreams ?? {}).map(([origin, platform]) => [new URL(origin).origin, platform]),
  )
  const attempts = new WeakMap<UndiciRequest, WatchedAttempt>()

  function onCreate({ request }: RequestMessage): void {
    const origin = String(request.origin ?? '')
    const platform = platformOfOrigin(origin, platforms)
    if (platform === undefined) return
    const details = detailsOf(request, origin, platform)
    const readHeaders = () => headersFromPairs(request.headers)
    if (details.context !== undefined && details.context.undecided.length > 0)
      recordRepeated({ ...details, requestHeaders: readHeaders() })
    attempts.set(request, watchAttempt(details, readHeaders, isError))
  }

  const listeners = {
    'undici:request:create': onCreate,
    'undici:request:headers': ({ request, response }: HeadersMessage) =>
      attempts.get(request)?.onHeaders(response.statusCode, () => headersFromPairs(response.headers)),
    'undici:request:bodyChunkReceived': ({ request, chunk }: ChunkMessage) =>
      attempts.get(request)?.onChunk(chunk),
    'undici:request:trailers': ({ request }: RequestMessage) => attempts.get(request)?.onEnd(),
    'undici:request:error': ({ request, error }: ErrorMessage) => attempts.get(request)?.onError(error),
  }
  const subscribed = Object.entries(listeners).map(([channel, listen]) => {
    const listener = (message: unknown) => guarded(() => listen(message as never))
    subscribe(channel, listener)
    return { channel, listener }
  })
  return () => {
    for (const { channel, listener } of subscribed) unsubscribe(channel, listener)
  }
}

function platformOfOrigin(origin: string, platforms: ReadonlyMap<string, string>): string | undefined {
  const given = platforms.get(origin)
  if (given !== undefined || !origin.startsWith('https://')) return given
  const end = origin.indexOf(':', 8)
  return platformOfHost(origin.slice(8, end < 0 ? undefined : end))
}

function detailsOf(request: UndiciRequest, origin: string, platform: string): UpstreamErrorDetails {
  const context = currentUpstreamContext()
  return {
    context,
    platform,
    method: request.method,
    url: `${origin}${request.path}`,
    startedAt: performance.now(),
    accountId: context?.accountId,
    accountName: context?.accountName,
  }
}
