export interface ReadBody {
  /** At most the limit asked for. */
  readonly bytes: Uint8Array
  /** Of the whole body, as far as it is known. */
  readonly sizeBytes: number
}

/**
 * Reads the body of a fetch `Response` that nobody read yet from a clone, at most `maxBytes` of it and for at most
 * `timeoutMs`; then lets go of the clone, so that the gateway's own copy flows on unbuffered. What was read by then
 * is the result, also after a timeout or a broken body.
 * @returns undefined where there is nothing to read. The promise never rejects.
 */
export function readCloneBounded(
  answer: unknown,
  maxBytes: number,
  timeoutMs: number,
): Promise<ReadBody> | undefined {
  if (!isUnreadResponse(answer)) return undefined
  const { body } = answer.clone()
  return body === null ? undefined : readBounded(body, maxBytes, timeoutMs, contentLength(answer))
}

async function readBounded(
  body: ReadableStream<Uint8Array>,
  maxBytes: number,
  timeoutMs: number,
  declaredBytes: number,
): Promise<ReadBody> {
  const reader = body.getReader()
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  const timer = setTimeout(cancel, timeoutMs)
  timer.unref()
  try {
    while (sizeBytes < maxBytes) {
      const { done, value } = await reader.read()
      if (done) break
      chunks.push(value)
      sizeBytes += value.byteLength
    }
  } catch {
    // The gateway meets the same error on its own copy; what arrived before it is still worth recording.
  } finally {
    clearTimeout(timer)
    cancel()
  }
  return { bytes: Buffer.concat(chunks).subarray(0, maxBytes), sizeBytes: Math.max(sizeBytes, declaredBytes) }

  // With a stream that was split in two, cancel() settles only when both halves are cancelled: not to be awaited.
  function cancel(): void {
    reader.cancel().catch(() => undefined)
  }
}

function isUnreadResponse(answer: unknown): answer is Response {
  if (typeof answer !== 'object' || answer === null) return false
  const { clone, bodyUsed, body } = answer as Partial<Response>
  return typeof clone === 'function' && bodyUsed === false && body != null && !body.locked
}

/** With a content encoding the header counts compressed bytes: not the size of what is read. */
function contentLength(response: Response): number {
  if (response.headers.has('content-encoding')) return 0
  return Number(response.headers.get('content-length') ?? 0) || 0
}
