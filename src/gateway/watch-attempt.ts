import { readLimitBytes } from './body-text.ts'
import { decodeBody } from './decode-body.ts'
import { isCallerAbort } from './describe-error.ts'
import type { AttemptRecord } from './failed-attempt.ts'
import { noteFirstChunk } from './first-chunk.ts'
import { guarded } from './guard.ts'
import { trackPending } from './pending-work.ts'
import { recordUnanswered } from './record-unanswered.ts'
import { beginObservedError, finishUpstreamError, holdRequestOpen } from './record-upstream-error.ts'
import { recordingSettings } from './recording-settings.ts'
import { createSseErrorScanner, type SseErrorScanner } from './sse-error-scanner.ts'
import type { UpstreamErrorDetails } from './upstream-error-details.ts'

/** One HTTP request seen from outside: told what happens to it, it records the request's failure once. */
export interface WatchedAttempt {
  onHeaders(statusCode: number, readHeaders: () => Record<string, string>): void
  onChunk(chunk: Uint8Array): void
  onEnd(): void
  onError(error: unknown): void
}

/**
 *     waiting ── headers, error status ──▶ failed: collects the body ── end, error or timeout ──▶ done
 *        │  └─── headers, success ───────▶ streaming: scans events ── error event or break ─────▶ done
 *        └────── error ──▶ done
 */
export function watchAttempt(
  details: UpstreamErrorDetails,
  readRequestHeaders: () => Record<string, string>,
  isError: (statusCode: number) => boolean,
): WatchedAttempt {
  let state: 'waiting' | 'failed' | 'streaming' | 'done' = 'waiting'
  let headers: Record<string, string> = {}
  let collected: CollectedBody | undefined
  let scanner: SseErrorScanner | undefined
  let timeToFirstTokenMs: number | undefined

  const describe = (): UpstreamErrorDetails => ({
    ...details,
    requestHeaders: readRequestHeaders(),
    responseHeaders: headers,
    timeToFirstTokenMs,
  })

  function recordMidStream(error: unknown, body: string | undefined): void {
    state = 'done'
    const record = beginObservedError({ ...describe(), midStream: true, statusCode: 200 }, error)
    finishUpstreamError(record, body)
  }

  return {
    onHeaders(statusCode, readHeaders) {
      if (statusCode < 200) return
      headers = readHeaders()
      if (isError(statusCode)) {
        state = 'failed'
        const record = beginObservedError({ ...describe(), statusCode })
        collected = collectBody(record, headers['content-encoding'])
        return
      }
      state = 'streaming'
      const isReadable = headers['content-encoding'] === undefined
      if (isReadable && headers['content-type']?.startsWith('text/event-stream'))
        scanner = createSseErrorScanner()
    },
    onChunk(chunk) {
      collected?.add(chunk)
      if (state !== 'streaming' || scanner === undefined) return
      timeToFirstTokenMs ??= noteFirstChunk(details)
      const data = scanner.push(chunk)
      if (data !== undefined) recordMidStream(undefined, data)
    },
    onEnd() {
      collected?.finish()
      const data = state === 'streaming' ? scanner?.end() : undefined
      if (data !== undefined) recordMidStream(undefined, data)
      state = 'done'
    },
    onError(error) {
      if (state === 'failed') collected?.finish()
      else if (state === 'waiting') recordUnanswered(error, describe())
      else if (state === 'streaming' && !isCallerAbort(error)) recordMidStream(error, undefined)
      state = 'done'
    },
  }
}

interface CollectedBody {
  add(chunk: Uint8Array): void
  finish(): void
}

/** Holds the beginning of a failed answer until it ends, or for `bodyTimeoutMs` where nobody reads it. */
function collectBody(record: AttemptRecord, encoding: string | undefined): CollectedBody {
  const maxBytes = readLimitBytes(record.settings)
  const chunks: Uint8Array[] = []
  const finished = Promise.withResolvers<void>()
  const timer = setTimeout(finish, recordingSettings().bodyTimeoutMs)
  let sizeBytes = 0
  let isFinished = false
  timer.unref()
  holdRequestOpen(record.facts.context, trackPending(finished.promise))

  function finish(): void {
    if (isFinished) return
    isFinished = true
    clearTimeout(timer)
    const body = decodeBody(Buffer.concat(chunks), encoding, maxBytes * 16)
    guarded(() => finishUpstreamError(record, body, encoding === undefined ? sizeBytes : 0))
    finished.resolve()
  }

  return {
    add(chunk) {
      const room = maxBytes - sizeBytes
      sizeBytes += chunk.byteLength
      if (room > 0 && !isFinished) chunks.push(Uint8Array.prototype.slice.call(chunk, 0, room))
    },
    finish,
  }
}
