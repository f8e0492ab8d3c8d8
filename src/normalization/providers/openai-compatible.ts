import { readGoogleError } from './google-error.ts'
import {
  isJsonObject,
  type JsonObject,
  numberAt,
  objectAt,
  objectsAt,
  statusAt,
  textAt,
} from './json-object.ts'
import { emptyReading, type ProviderParser, type ProviderReading } from './provider-parser.ts'

/** Headers by which APIs of OpenAI's shape, and relays in front of them, give a request id. */
export const commonRequestIdHeaders = [
  'x-request-id',
  'request-id',
  'x-oneapi-request-id',
  'x-amzn-requestid',
  'apim-request-id',
  'x-ms-request-id',
  'x-goog-request-id',
  'xai-request-id',
  'x-ds-trace-id',
] as const

/** Reads what APIs of OpenAI's shape answer, and the shapes that frameworks in front of them fall back to. */
export const openaiCompatible: ProviderParser = {
  read: readOpenaiCompatible,
  requestIdHeaders: commonRequestIdHeaders,
}

/**
 * `{"error":{message,type,param,code}}`; also `{"error":"text",code}` (xAI, Ollama), fields at the top (Azure's
 * gateway, SSE `error` events of the Responses API), `detail` (FastAPI, vLLM) and `errors` lists.
 */
export function readOpenaiCompatible(body: JsonObject): ProviderReading {
  const error = body.error
  if (isJsonObject(error)) {
    return isGoogleError(error) ? readGoogleError(body) : readErrorObject(error, body)
  }
  const reading = readErrorObject(body, body)
  if (reading.type === 'error') reading.type = ''
  if (typeof error === 'string' && error !== '') {
    // OAuth servers put a code in `error` and the sentence in `error_description`.
    const description = textAt(body, 'error_description') || reading.message
    if (description === '') reading.message = error
    else if (reading.code === '') Object.assign(reading, { message: description, code: error })
    else reading.message ||= error
  }
  reading.message ||= detailOf(body)
  return reading
}

function readErrorObject(error: JsonObject, body: JsonObject): ProviderReading {
  const reading = emptyReading()
  reading.type = textAt(error, 'type')
  reading.code = textAt(error, 'code')
  reading.message = textAt(error, 'message')
  reading.bodyStatus =
    statusAt(error, 'code') ||
    statusAt(error, 'status') ||
    statusAt(body, 'statusCode') ||
    statusAt(body, 'status')
  reading.requestId = textAt(error, 'request_id') || textAt(body, 'request_id')
  reading.retryAfterMs =
    numberAt(error, 'retry_after_ms') ||
    (numberAt(error, 'retry_after') ||
      numberAt(error, 'resets_in_seconds') ||
      numberAt(body, 'retry_after')) * 1000
  return reading
}

function detailOf(body: JsonObject): string {
  const detail = body.detail
  if (typeof detail === 'string') return detail
  if (isJsonObject(detail)) return textAt(detail, 'message') || textAt(detail, 'error')
  const [first] = [...objectsAt(body, 'detail'), ...objectsAt(body, 'errors')]
  if (first !== undefined) return textAt(first, 'message') || textAt(first, 'msg')
  return (
    textAt(body, 'error_msg') || textAt(body, 'title') || textAt(objectAt(body, 'base_resp'), 'status_msg')
  )
}

/** Google's OpenAI-compatible endpoints answer errors in Google's own shape. */
function isGoogleError(error: JsonObject): boolean {
  const { status } = error
  return typeof status === 'string' && /^[A-Z_]{2,40}$/.test(status) && !textAt(error, 'type')
}
