import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorCode, errorCatalogue, OpsError } from '../errors.ts'
import { retryAfterSeconds } from '../retry-after-seconds.ts'
import { hangUpOf } from './hang-up.ts'

/** Sends an error of the catalogue as `application/problem+json` (RFC 9457) with its stable `code`. */
export function sendProblem(
  reply: FastifyReply,
  code: ErrorCode,
  detail: string,
  extra: Readonly<Record<string, string | number>> = {},
): FastifyReply {
  const { status, title, action } = errorCatalogue[code]
  const retryAfter =
    extra.retry_after_seconds ?? (status === 503 || status === 429 ? retryAfterSeconds(code) : undefined)
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
  return reply
    .code(status)
    .type('application/problem+json')
    .send({ type: 'about:blank', title, status, code, detail, action, ...extra })
}

/** Turns whatever a route threw into a problem. What is not of the catalogue is logged and answered without details. */
export function handleError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof OpsError) {
    if (error.status >= 500) request.log.error({ err: error.cause ?? error, code: error.code }, error.message)
    return sendProblem(reply, error.code, error.message, error.extra)
  }
  const invalid = error.validation?.[0]
  if (invalid !== undefined) {
    const parameter = invalid.params.additionalProperty ?? invalid.instancePath.split('/')[1]
    const known =
      invalid.keyword === 'additionalProperties' ? 'is not a parameter of this route' : invalid.message
    return sendProblem(reply, 'invalid_parameter', `${parameter}: ${known}`, { parameter: String(parameter) })
  }
  if (error.statusCode !== undefined && error.statusCode < 500) {
    const code =
      error.statusCode === 413
        ? 'body_too_large'
        : error.statusCode === 415
          ? 'unsupported_media_type'
          : 'invalid_parameter'
    return sendProblem(reply, code, error.message)
  }
  if (hangUpOf(reply).aborted) request.log.debug({ err: error }, 'the client hung up')
  else request.log.error({ err: error }, 'request failed')
  return sendProblem(reply, 'internal', 'the request could not be answered')
}
