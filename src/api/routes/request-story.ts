import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from 'typebox'
import { OpsError } from '../../errors.ts'
import { attemptsOfRequest } from '../../store/queries/attempts-of-request.ts'
import { getRequestErrorOfRequest } from '../../store/queries/request-errors.ts'
import type { RunRestrictedQuery } from '../../store/query.ts'
import { errorAnswers, notFoundAnswer } from '../event-schema.ts'
import { presentEvent } from '../present-event.ts'
import { presentRequestError } from '../present-request-error.ts'
import { queriesOf } from '../query-request.ts'

const anyObject = Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true })

const answer = Type.Object({
  request_id: Type.String(),
  outcome: Type.Union([Type.Literal('failed'), Type.Literal('recovered')], {
    description:
      'failed: the client got an error; recovered: attempts failed, and no error record came for the request',
  }),
  error: Type.Union([anyObject, Type.Null()], { description: 'The final error record' }),
  attempts: Type.Array(anyObject, { description: 'The failed attempts, in order' }),
  timeline: Type.Array(
    Type.Object({
      at: Type.String({ format: 'date-time' }),
      event: Type.Union([
        Type.Literal('attempt_failed'),
        Type.Literal('failover'),
        Type.Literal('request_failed'),
      ]),
      id: Type.String({ format: 'uuid' }),
      status_code: Type.Integer(),
      account_id: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
      latency_ms: Type.Unsafe<number | null>({ type: ['integer', 'null'] }),
      message: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
    }),
  ),
})
export type RequestStory = Static<typeof answer>

type Step = Static<typeof answer>['timeline'][number]

/** `GET /api/v1/requests/{request_id}`: the whole story of a gateway request that met errors. */
export function requestStoryRoute(run: RunRestrictedQuery): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/v1/requests/:request_id',
      {
        config: { conditional: true },
        schema: {
          operationId: 'getRequest',
          tags: ['request errors'],
          summary: 'A gateway request: its failed attempts, failovers and outcome',
          params: Type.Object({ request_id: Type.String({ minLength: 1, maxLength: 256 }) }),
          querystring: Type.Object({}, { additionalProperties: false }),
          response: { 200: answer, ...notFoundAnswer, ...errorAnswers },
        },
      },
      async (request, reply) => {
        const { request_id } = request.params
        const queries = queriesOf(run, request, reply)
        const [record, rows] = await Promise.all([
          getRequestErrorOfRequest(queries, request_id),
          attemptsOfRequest(queries, request_id),
        ])
        if (record === undefined && rows.length === 0) {
          throw new OpsError('not_found', `there is nothing of request ${request_id}`)
        }
        const attempts = rows.map((row) => presentEvent(row))
        const error = record ? presentRequestError(record) : null
        return {
          request_id,
          outcome: error ? ('failed' as const) : ('recovered' as const),
          error,
          attempts,
          timeline: timelineOf(attempts, error),
        }
      },
    )
  }
}

type Presented = Record<string, unknown>

function timelineOf(attempts: readonly Presented[], error: Presented | null): Step[] {
  const steps: Step[] = []
  let previous: Presented | undefined
  for (const attempt of attempts) {
    if (previous && previous.account_id !== attempt.account_id)
      steps.push(stepOf('failover', attempt, attempt.event_id))
    steps.push(stepOf('attempt_failed', attempt, attempt.event_id))
    previous = attempt
  }
  if (error) steps.push(stepOf('request_failed', { ...error, error_message: error.message }, error.id))
  return steps
}

function stepOf(event: Step['event'], of: Presented, id: unknown): Step {
  return {
    at: String(of.created_at),
    event,
    id: String(id),
    status_code: Number(of.status_code ?? 0),
    account_id: (of.account_id as string | null) ?? null,
    latency_ms: (of.latency_ms as number | null) ?? null,
    message: event === 'failover' ? null : ((of.error_message as string | null) ?? null),
  }
}
