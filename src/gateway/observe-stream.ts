import { isCallerAbort } from './describe-error.ts'
import { noteFirstChunk } from './first-chunk.ts'
import { guarded } from './guard.ts'
import { recordObservedError } from './record-upstream-error.ts'
import { createSseErrorScanner } from './sse-error-scanner.ts'
import type { UpstreamErrorDetails } from './upstream-error-details.ts'

/**
 * Passes a server-sent event stream on, chunk by chunk as it comes, and records at most one error of it: an error
 * event, or its break. Nothing is buffered ahead of the consumer, so that its pace still reaches the upstream.
 */
export function observeStream(
  body: ReadableStream<Uint8Array>,
  details: UpstreamErrorDetails,
): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  const scanner = createSseErrorScanner()
  let isRecorded = false
  let timeToFirstTokenMs = details.timeToFirstTokenMs

  function record(error: unknown, responseBody: string | undefined): void {
    if (isRecorded) return
    isRecorded = true
    recordObservedError(error, {
      ...details,
      midStream: true,
      statusCode: 200,
      responseBody,
      timeToFirstTokenMs,
    })
  }

  function look(found: () => string | undefined): void {
    if (isRecorded) return
    guarded(() => {
      const data = found()
      if (data !== undefined) record(undefined, data)
    })
  }

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (done) {
            look(() => scanner.end())
            controller.close()
            return
          }
          timeToFirstTokenMs ??= noteFirstChunk(details)
          look(() => scanner.push(value))
          controller.enqueue(value)
        } catch (error) {
          if (!isCallerAbort(error)) record(error, undefined)
          controller.error(error)
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}
