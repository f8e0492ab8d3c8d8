import { isJsonObject, type JsonObject, objectAt } from './json-object.ts'
import { parseLenientJson } from './lenient-json.ts'

/** Lines that may hold an error are tried from the end; model output that speaks of errors must not cost more. */
const maxTries = 16

/** Whether a body is an event stream. Source: WHATWG HTML, "Server-sent events", 9.2.5. */
export function isEventStream(body: string): boolean {
  return /^[\s\uFEFF]{0,16}(?:(?:event|data|id|retry) ?:|:)/.test(body)
}

/**
 * The last error that an event stream carried: the payload of `event: error`, or a chunk with an `error` in it.
 * Undefined when the stream just stops.
 */
export function errorOfEventStream(stream: string): JsonObject | undefined {
  let lineEnd = stream.length
  for (let tries = 0; lineEnd >= 0 && tries < maxTries; ) {
    const lineStart = lineEnd === 0 ? 0 : stream.lastIndexOf('\n', lineEnd - 1) + 1
    const data = stream.startsWith('data:', lineStart) ? stream.slice(lineStart + 5, lineEnd).trim() : ''
    if (data.startsWith('{') && /error|failed|[a-z]Exception/.test(data)) {
      tries += 1
      const error = errorOfChunk(data)
      if (error !== undefined) return error
    }
    lineEnd = lineStart - 1
  }
  // Google appends an error as a bare object after the last `data:` line.
  const bare = stream.lastIndexOf('\n{')
  return bare === -1 ? undefined : errorOfChunk(stream.slice(bare + 1))
}

function errorOfChunk(data: string): JsonObject | undefined {
  const chunk = parse(data)
  if (!isJsonObject(chunk)) return undefined
  if (chunk.type === 'error' || isError(chunk.error)) return chunk
  // OpenAI Responses API: `response.failed` wraps the response that failed.
  const response = objectAt(chunk, 'response')
  if (isError(response.error)) return response
  // Bedrock's stream exceptions are members named after the exception.
  return Object.keys(chunk).some((name) => name.endsWith('Exception')) ? chunk : undefined
}

function isError(value: unknown): boolean {
  return isJsonObject(value) || (typeof value === 'string' && value !== '')
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch {
    return parseLenientJson(data)
  }
}
