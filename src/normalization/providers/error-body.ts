import { htmlText } from './html-text.ts'
import { emptyJsonObject, isJsonObject, type JsonObject } from './json-object.ts'
import { parseLenientJson } from './lenient-json.ts'
import { errorOfEventStream, isEventStream } from './sse-error.ts'

/** More of a body than this is not looked at: its head, or an event stream's tail, where its error is. */
const maxBodyChars = 65_536
const maxNestedMessages = 3

export interface ErrorBody {
  /** `{}` when the body has no JSON object. */
  readonly json: JsonObject
  /** What a body that is not JSON says: its text, or an HTML page's title. */
  readonly text: string
}

const nothing: ErrorBody = { json: emptyJsonObject, text: '' }

/**
 * The error object in a response body, out of the wrappings it comes in: arrays (Gemini), event streams, JSON inside
 * the error's message (Gemini, Vertex), cut-off JSON. Without a body, one in `message`, where SDKs put it
 * (`Error code: 429 - {'error': …}`). Linear in time, never throws.
 */
export function readErrorBody(body: string, message: string): ErrorBody {
  if (isEventStream(body)) {
    const error = errorOfEventStream(body.slice(-maxBodyChars))
    return error === undefined ? nothing : { json: innermost(error), text: '' }
  }
  const head = (body.length > maxBodyChars ? body.slice(0, maxBodyChars) : body).trim()
  if (head === '') return readEmbedded(message)
  const first = head.charAt(0)
  if (first === '<') return { json: emptyJsonObject, text: htmlText(head) }
  if (first !== '{' && first !== '[' && first !== '"') return { json: emptyJsonObject, text: head }
  const value = parseJson(head)
  if (typeof value === 'string') return { json: emptyJsonObject, text: value.trim() }
  const error = errorIn(value)
  return error === undefined ? { json: emptyJsonObject, text: head } : { json: innermost(error), text: '' }
}

function readEmbedded(message: string): ErrorBody {
  const start = message.indexOf('{')
  if (start === -1) return nothing
  const value = parseJson(message.slice(start, start + maxBodyChars))
  return isJsonObject(value) ? { json: innermost(value), text: '' } : nothing
}

function innermost(outer: JsonObject): JsonObject {
  let current = outer
  for (let depth = 0; depth < maxNestedMessages; depth++) {
    const error = current.error
    const text = isJsonObject(error) ? error.message : (error ?? current.message)
    if (typeof text !== 'string' || !startsJson(text)) return current
    const inner = errorIn(parseJson(text))
    if (inner === undefined || !(isJsonObject(inner.error) || typeof inner.message === 'string'))
      return current
    current = inner
  }
  return current
}

/** Of an array, the first element that carries an error, else the first object. */
function errorIn(value: unknown): JsonObject | undefined {
  if (isJsonObject(value)) return value
  if (!Array.isArray(value)) return undefined
  const objects = value.filter(isJsonObject)
  return objects.find((object) => object.error !== undefined) ?? objects[0]
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return parseLenientJson(text)
  }
}

function startsJson(text: string): boolean {
  return /^\s{0,64}[{[]/.test(text)
}
