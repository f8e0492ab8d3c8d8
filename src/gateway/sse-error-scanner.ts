/** Watches the bytes of a server-sent event stream for the first event that carries an error. */
export interface SseErrorScanner {
  /** The data of an error event that this chunk completes, else undefined. Keeps no reference to `chunk`. */
  push(chunk: Uint8Array): string | undefined
  /** The data of an error in what is left at the end of the stream, else undefined. */
  end(): string | undefined
}

/** An error event is small; longer events are passed over without being held. */
const maxEventBytes = 65_536
const errorWord = Buffer.from('error')
const newline = 0x0a
const carriageReturn = 0x0d

/**
 * Events are separated by blank lines (WHATWG HTML, 9.2.6). Chunks that end between events, as nearly all do, are
 * searched in place; only an event that is cut by the chunk's end is copied, until its rest arrives.
 */
export function createSseErrorScanner(): SseErrorScanner {
  let carry = Buffer.alloc(0)
  let carried = 0
  let isPassingOver = false

  function push(chunk: Uint8Array): string | undefined {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    if (carried > 0) return pushAfterCarried(bytes)
    const end = endOfLastEvent(bytes, 0, bytes.length)
    if (end < 0) {
      hold(bytes)
      return undefined
    }
    const complete = isPassingOver ? bytes.subarray(endOfFirstEvent(bytes)) : bytes
    const searched = complete.subarray(0, end - (bytes.length - complete.length))
    isPassingOver = false
    hold(bytes.subarray(end))
    return errorIn(searched)
  }

  function pushAfterCarried(bytes: Buffer): string | undefined {
    const searchFrom = Math.max(0, carried - 2)
    hold(bytes)
    if (carried === 0) return resumeAfterLongEvent(bytes)
    const end = endOfLastEvent(carry, searchFrom, carried)
    if (end < 0) return undefined
    const found = errorIn(carry.subarray(0, end))
    carry.copyWithin(0, end, carried)
    carried -= end
    return found
  }

  function resumeAfterLongEvent(bytes: Buffer): string | undefined {
    const end = endOfLastEvent(bytes, 0, bytes.length)
    if (end < 0) return undefined
    const first = endOfFirstEvent(bytes)
    isPassingOver = false
    hold(bytes.subarray(end))
    return errorIn(bytes.subarray(first, end))
  }

  function hold(bytes: Buffer): void {
    if (bytes.length === 0 || isPassingOver) return
    if (carried + bytes.length > maxEventBytes) {
      isPassingOver = true
      carried = 0
      return
    }
    if (carried + bytes.length > carry.length) {
      const grown = Buffer.allocUnsafeSlow(
        Math.min(maxEventBytes, Math.max(512, (carried + bytes.length) * 2)),
      )
      carry.copy(grown, 0, 0, carried)
      carry = grown
    }
    bytes.copy(carry, carried)
    carried += bytes.length
  }

  return { push, end: () => errorIn(carry.subarray(0, carried)) }
}

function endOfLastEvent(bytes: Buffer, from: number, to: number): number {
  for (let at = bytes.lastIndexOf(newline, to - 1); at > from; at = bytes.lastIndexOf(newline, at - 1)) {
    if (isBlankLine(bytes, at, from)) return at + 1
  }
  return -1
}

function endOfFirstEvent(bytes: Buffer): number {
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) {
    if (isBlankLine(bytes, at, 0)) return at + 1
  }
  return bytes.length
}

/** The newline at `at` ends a line of no characters, or of a carriage return only. */
function isBlankLine(bytes: Buffer, at: number, from: number): boolean {
  if (at > from && bytes[at - 1] === newline) return true
  return at > from + 1 && bytes[at - 1] === carriageReturn && bytes[at - 2] === newline
}

function errorIn(events: Buffer): string | undefined {
  if (!events.includes(errorWord)) return undefined
  for (const event of events.toString('utf8').split(/\r?\n\r?\n/)) {
    if (!maybeError.test(event)) continue
    const data = dataOfError(event)
    if (data !== undefined) return data
  }
  return undefined
}

/** Inside a model's text quotes are escaped, so that talk about errors does not match. */
const maybeError = /^event:\s*error\b|"error"\s*:\s*[{"[]|"type"\s*:\s*"(?:error|response\.failed)"/m

function dataOfError(event: string): string | undefined {
  let name = ''
  const lines: string[] = []
  for (const line of event.split(/\r?\n/)) {
    if (line.startsWith('event:')) name = line.slice(6).trim()
    else if (line.startsWith('data:')) lines.push(line.slice(line[5] === ' ' ? 6 : 5))
  }
  const data = lines.join('\n')
  return name === 'error' || isErrorPayload(data) ? data : undefined
}

/**
 * Anthropic and OpenAI's Responses API: `type` is error; chat completions, Gemini, OpenRouter: an `error` member;
 * Responses API: `response.failed` with the error inside.
 */
function isErrorPayload(data: string): boolean {
  try {
    const parsed: unknown = JSON.parse(data)
    const payload: unknown = Array.isArray(parsed) ? parsed[0] : parsed
    if (typeof payload !== 'object' || payload === null) return false
    const { type, error } = payload as { type?: unknown; error?: unknown }
    return type === 'error' || type === 'response.failed' || (error !== undefined && error !== null)
  } catch {
    return false
  }
}
