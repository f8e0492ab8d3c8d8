import { parseProviderError } from '../normalization/providers/parse-provider-error.ts'
import { errorOfEventStream, isEventStream } from '../normalization/providers/sse-error.ts'
import type { Redactor } from '../redaction/create-redactor.ts'
import { dropCutToken, redactWithin } from '../redaction/truncate.ts'
import type { RetryAttempt } from '../store/retry-attempts.ts'
import type { GatewayAnswer } from './send-replay.ts'

/** Fields of an attempt that its answer tells. */
export type AnswerFields = Pick<
  RetryAttempt,
  | 'status'
  | 'used_account_id'
  | 'http_status_code'
  | 'upstream_request_id'
  | 'response_preview'
  | 'response_truncated'
  | 'error_message'
>

/** Of the preview, in bytes. */
const previewBytes = 8192
const messageBytes = 2048
/** Kept of both ends of an answer: a preview, and beyond it room for a secret that the cut would halve. */
export const keptBytes = previewBytes + 16_384

/** What the answer means, without secrets: those that the redactor knows, and those that were sent. */
export function readAnswer(
  answer: GatewayAnswer,
  platform: string,
  accountHeader: string,
  secrets: readonly string[],
  redactor: Redactor,
): AnswerFields {
  const isReadable = /^(?:identity)?$/i.test(answer.headers.get('content-encoding') ?? '')
  const head = isReadable ? answer.head.toString() : ''
  const tail = isReadable ? answer.tail.toString() : ''
  const isCut = answer.bytes > answer.head.length
  const withoutSecrets = (text: string) =>
    redactor.text(secrets.reduce((rest, secret) => rest.replaceAll(secret, '[REDACTED:header]'), text))
  const preview = redactWithin(
    head,
    previewBytes,
    isCut ? (text) => dropCutToken(withoutSecrets(text)) : withoutSecrets,
  )
  const isSuccess = answer.httpStatusCode >= 200 && answer.httpStatusCode < 300
  const error = parseProviderError({
    platform,
    statusCode: answer.httpStatusCode,
    headers: answer.headers,
    body: isSuccess ? '' : head,
    errorType: '',
    errorCode: '',
    message: '',
    kind: '',
    nowMs: Date.now(),
  })
  const failure =
    answer.failure || (isSuccess ? streamFailure(head, tail) : failureOfStatus(answer, error.message))
  return {
    status: failure === '' ? 'succeeded' : 'failed',
    used_account_id: accountHeader === '' ? '' : redactor.identifier(answer.headers.get(accountHeader) ?? ''),
    http_status_code: answer.httpStatusCode,
    upstream_request_id: redactor.identifier(error.upstreamRequestId),
    response_preview: preview,
    response_truncated:
      (answer.bytes > Buffer.byteLength(preview) && answer.bytes > previewBytes) || !isReadable,
    error_message: redactWithin(failure, messageBytes, withoutSecrets),
  }
}

function failureOfStatus({ httpStatusCode, headers }: GatewayAnswer, message: string): string {
  if (httpStatusCode === 0) return 'the gateway gave no answer'
  if (httpStatusCode >= 300 && httpStatusCode < 400) {
    return `the gateway answered ${httpStatusCode}; redirects are not followed${headers.has('location') ? '' : ', and it named no place'}`
  }
  return message || `the gateway answered ${httpStatusCode}`
}

/** A stream can carry an error after its status said 200. */
function streamFailure(head: string, tail: string): string {
  if (!isEventStream(head)) return ''
  const error = errorOfEventStream(tail)
  if (error === undefined) return ''
  return (
    parseProviderError({
      platform: '',
      statusCode: 200,
      headers: new Map(),
      body: JSON.stringify(error),
      errorType: '',
      errorCode: '',
      message: '',
      kind: 'stream_error',
      nowMs: Date.now(),
    }).message || 'the stream carried an error'
  )
}
