import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { OpsError } from '../../errors.ts'
import type { Retries } from '../../retry/retry-error.ts'
import { getRequestError } from '../../store/queries/request-errors.ts'
import { recordsOfRetries } from '../../store/queries/retry-results.ts'
import type { RunRestrictedQuery } from '../../store/query.ts'
import { retriesOfError, retryModes, retryStatuses } from '../../store/retry-attempts.ts'
import { errorAnswers, notFoundAnswer, problem } from '../event-schema.ts'
import { presentAttempt, presentResult } from '../present-retry.ts'
import { queriesOf } from '../query-request.ts'
import { errorIdParams } from '../request-error-schema.ts'
import { nullableInteger, nullableText, nullableTime, oneOf, time, uuid } from '../value-schemas.ts'

/** What an attempt and its result have in common. */
const outcome = {
  mode: oneOf(retryModes),
  status: oneOf(retryStatuses),
  pinned_account_id: nullableText,
  used_account_id: nullableText,
  http_status_code: Type.Integer({ description: '0 = no answer' }),
  upstream_request_id: nullableText,
  response_preview: nullableText,
  response_truncated: Type.Boolean({ description: 'The answer is longer than its preview of 8 KiB' }),
  error_message: nullableText,
  started_at: nullableTime,
  finished_at: nullableTime,
  duration_ms: nullableInteger,
}

const resultSchema = Type.Object({ attempt_id: uuid, ...outcome })

const attemptSchema = Type.Object({
  id: uuid,
  created_at: time,
  requested_by_user_id: nullableText,
  source_error_id: uuid,
  result_request_id: nullableText,
  result_error_id: nullableText,
  ...outcome,
})

const retryBody = Type.Object(
  {
    mode: Type.Union(
      retryModes.map((mode) => Type.Literal(mode)),
      { description: 'client: as the client sent it; upstream: pinned to an account' },
    ),
    pinned_account_id: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 256,
        description: 'With mode upstream. Default: the account of the error.',
      }),
    ),
    force: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Also within 10 s of the last retry of this error. It overrides nothing else.',
      }),
    ),
  },
  { additionalProperties: false },
)

/** `POST /api/v1/errors/{id}/retry` and `GET /api/v1/errors/{id}/retries`. */
export function retryRoutes(
  run: RunRestrictedQuery,
  retries: Retries | undefined,
): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      '/api/v1/errors/:id/retry',
      {
        schema: {
          operationId: 'retryRequest',
          tags: ['request errors'],
          summary: 'Sends the failed request to the configured gateway again',
          description:
            'Answers when the retry has ended, well or not: see status. Every call may cost money, so it is to be confirmed by a person; with an Idempotency-Key the same call twice is one retry.',
          params: errorIdParams,
          headers: Type.Object({
            'idempotency-key': Type.Optional(
              Type.String({
                pattern: '^[\\x21-\\x7e]{1,255}$',
                description: 'Chosen by the caller for this one retry',
              }),
            ),
          }),
          body: retryBody,
          response: {
            200: resultSchema,
            ...notFoundAnswer,
            409: problem('Retry is not configured, or one is under way'),
            429: problem('Too soon, or too many within the hour; repeat after Retry-After'),
            ...errorAnswers,
            422: problem(
              'The stored request cannot be sent again, or the Idempotency-Key was used otherwise',
            ),
          },
        },
      },
      async (request, reply) => {
        if (retries === undefined)
          throw new OpsError('retry_not_configured', 'OPS_RETRY_GATEWAY_URL names no gateway')
        const { mode, pinned_account_id, force = false } = request.body
        const attempt = await retries.retry(
          {
            errorId: request.params.id.toLowerCase(),
            mode,
            pinnedAccountId: pinned_account_id,
            force,
            idempotencyKey: request.headers['idempotency-key'] ?? '',
            requestedBy: request.tokenName,
          },
          queriesOf(run, request, reply),
        )
        return presentResult(attempt)
      },
    )

    app.get(
      '/api/v1/errors/:id/retries',
      {
        config: { conditional: true },
        schema: {
          operationId: 'listRetries',
          tags: ['request errors'],
          summary: 'The retries of a failed request, newest first',
          params: errorIdParams,
          querystring: Type.Object({}, { additionalProperties: false }),
          response: { 200: Type.Array(attemptSchema), ...notFoundAnswer, ...errorAnswers },
        },
      },
      async (request, reply) => {
        const id = request.params.id.toLowerCase()
        const queries = queriesOf(run, request, reply)
        if ((await getRequestError(queries, id)) === undefined)
          throw new OpsError('not_found', `there is no request error ${id}`)
        // Attempts have no namespace; that of their error was looked at.
        const attempts = await retriesOfError((query) => run({ ...query, serviceNamespaces: undefined }), id)
        const records = await recordsOfRetries(
          queries,
          attempts.map((attempt) => attempt.id),
        )
        return attempts.map((attempt) => presentAttempt(attempt, records.get(attempt.id)))
      },
    )
  }
}
