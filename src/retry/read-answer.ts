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
  const streamError = isSuccess && isEventStream(head) ? errorOfEventStream(tail) : undefined
  const successBody = streamError === undefined ? '' : JSON.stringify(streamError)
  const error = parseProviderError({
    platform,
    statusCode: answer.httpStatusCode,
    headers: answer.headers,
    body: isSuccess ? successBody : head,
    errorType: '',
    errorCode: '',
    message: '',
    kind: streamError === undefined ? '' : 'stream_error',
    nowMs: Date.now(),
  })
  const isFailure = answer.failure !== '' || !isSuccess || streamError !== undefined
  const failure = answer.failure || error.message || plainFailure(answer.httpStatusCode)
  return {
    status: isFailure ? 'failed' : 'succeeded',
    used_account_id: accountHeader === '' ? '' : redactor.identifier(answer.headers.get(accountHeader) ?? ''),
    http_status_code: answer.httpStatusCode,
    upstream_request_id: redactor.identifier(error.upstreamRequestId),
    response_preview: preview,
    response_truncated: answer.bytes > previewBytes || !isReadable,
    error_message: isFailure ? redactWithin(failure, messageBytes, withoutSecrets) : '',
  }
}

function plainFailure(status: number): string {
  if (status >= 200 && status < 300) return 'the stream carried an error'
  const redirect = status >= 300 && status < 400 ? '; redirects are not followed' : ''
  return `the gateway answered ${status}${redirect}`
}
