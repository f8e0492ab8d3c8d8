import { guarded } from './guard.ts'
import { observeStream } from './observe-stream.ts'
import { recordRepeated, recordUnanswered } from './record-unanswered.ts'
import { recordObservedError } from './record-upstream-error.ts'
import { currentUpstreamContext, type UpstreamContext } from './upstream-context.ts'
import type { UpstreamErrorDetails } from './upstream-error-details.ts'
import { isUpstreamErrorStatus, platformOfHost } from './upstream-hosts.ts'

type Fetch = typeof globalThis.fetch

export interface InstrumentFetchOptions {
  /** The platform behind this fetch, or how to tell it. Default: the request's context, else by host name. */
  readonly platform?: string | ((url: URL) => string | undefined) | undefined
  /** Which answers are recorded. Default: 429 and 5xx. */
  readonly isError?: ((statusCode: number) => boolean) | undefined
  /** Watch server-sent event streams for errors after 200. Default: true. */
  readonly observeStreams?: boolean | undefined
}

/**
 * Wraps a fetch so that failed attempts are recorded: error answers, requests without an answer, and event streams
 * that break or carry an error. Answers and errors pass through unchanged, except that an observed stream's answer
 * is a new `Response` with the same status, headers and url. Give the result to a client library as its `fetch`.
 */
export function instrumentFetch(fetch: Fetch, options: InstrumentFetchOptions = {}): Fetch {
  const isError = options.isError ?? isUpstreamErrorStatus
  const observesStreams = options.observeStreams ?? true

  return async function instrumentedFetch(input, init) {
    const startedAt = performance.now()
    // The context moves on to another account while attempts overlap or their streams go on.
    const context = currentUpstreamContext()
    const accountId = context?.accountId
    const accountName = context?.accountName
    const details = () => ({
      ...describeCall(options, input, init, context),
      startedAt,
      accountId,
      accountName,
    })
    if (context !== undefined && context.undecided.length > 0) guarded(() => recordRepeated(details()))
    let answer: Response
    try {
      answer = await fetch(input, init)
    } catch (error) {
      guarded(() => recordUnanswered(error, details()))
      throw error
    }
    if (isError(answer.status)) {
      guarded(() => recordObservedError(answer, details()))
      return answer
    }
    return observesStreams && isEventStream(answer) ? observed(answer, details) : answer
  }
}

type FetchInput = Parameters<Fetch>[0]
type FetchInit = Parameters<Fetch>[1]

function describeCall(
  options: InstrumentFetchOptions,
  input: FetchInput,
  init: FetchInit,
  context: UpstreamContext | undefined,
): UpstreamErrorDetails {
  const request = input instanceof Request ? input : undefined
  const url = URL.parse(request?.url ?? String(input)) ?? undefined
  const headers = init?.headers ?? request?.headers
  return {
    context,
    url,
    method: init?.method ?? request?.method ?? 'GET',
    platform: platformOf(options, url) ?? context?.platform,
    requestHeaders: Array.isArray(headers) ? Object.fromEntries(headers) : headers,
    requestBody: typeof init?.body === 'string' ? init.body : undefined,
  }
}

function platformOf(options: InstrumentFetchOptions, url: URL | undefined): string | undefined {
  if (typeof options.platform === 'string') return options.platform
  if (url === undefined) return undefined
  return options.platform?.(url) ?? platformOfHost(url.hostname)
}

function isEventStream(answer: Response): boolean {
  return answer.body !== null && answer.headers.get('content-type')?.startsWith('text/event-stream') === true
}

function observed(answer: Response, describe: () => UpstreamErrorDetails): Response {
  let passedOn = answer
  guarded(() => {
    if (answer.body === null) return
    const details: { -readonly [Key in keyof UpstreamErrorDetails]: UpstreamErrorDetails[Key] } = describe()
    passedOn = new Response(observeStream(answer.body, details), answer)
    details.responseHeaders = passedOn.headers
    for (const property of ['url', 'redirected', 'type'] as const) {
      Object.defineProperty(passedOn, property, { value: answer[property] })
    }
  })
  return passedOn
}
