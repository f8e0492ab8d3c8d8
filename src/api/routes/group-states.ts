import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { OpsError } from '../../errors.ts'
import { type ChangeGroup, groupDecisions } from '../../store/group-states.ts'
import {
  groupStates,
  historyOfGroup,
  isKnownGroup,
  statesOfGroups,
} from '../../store/queries/group-states.ts'
import type { RunRestrictedQuery } from '../../store/query.ts'
import { parseTime } from '../../store/time-range.ts'
import { errorAnswers, notFoundAnswer } from '../event-schema.ts'
import { presentChange, presentState } from '../present-group-state.ts'
import { queriesOf } from '../query-request.ts'
import { nullableText, nullableTime, oneOf, time } from '../value-schemas.ts'

const params = Type.Object({ fingerprint: Type.String({ pattern: '^[0-9a-fA-F]{16}$' }) })

export const changeSchema = Type.Object({
  changed_at: time,
  changed_by: nullableText,
  reason: nullableText,
  muted_until: nullableTime,
})

export const stateSchema = oneOf(
  groupStates,
  'open: nobody decided otherwise; reopened: resolved, and seen again since',
)

const answer = Type.Object({
  fingerprint: Type.String(),
  state: stateSchema,
  state_change: Type.Union([changeSchema, Type.Null()], {
    description: 'The decision that the state comes from',
  }),
})

const historyAnswer = Type.Object({
  ...answer.properties,
  history: Type.Array(
    Type.Object({
      state: oneOf(groupDecisions),
      ...changeSchema.properties,
    }),
  ),
})

const changeBody = Type.Object(
  {
    state: Type.Union(groupDecisions.map((state) => Type.Literal(state))),
    muted_until: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 64,
        description: 'With muted: ISO 8601 or relative, such as now+1d. The group is open again afterwards.',
      }),
    ),
    reason: Type.Optional(Type.String({ maxLength: 2000 })),
  },
  { additionalProperties: false },
)

/** `PUT /api/v1/upstream-errors/groups/{fingerprint}/state` and `GET …/history`. */
export function groupStateRoutes(
  run: RunRestrictedQuery,
  changeGroup: ChangeGroup,
): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.put(
      '/api/v1/upstream-errors/groups/:fingerprint/state',
      {
        schema: {
          operationId: 'changeGroupState',
          tags: ['counts'],
          summary: 'Marks similar errors as resolved, muted until a time, or open',
          description:
            'A resolved group is reopened by its next error. A muted one stays muted whatever comes, until its time. Every change is kept.',
          params,
          body: changeBody,
          response: { 200: answer, ...notFoundAnswer, ...errorAnswers },
        },
      },
      async (request, reply) => {
        const fingerprint = request.params.fingerprint.toLowerCase()
        const { state, muted_until, reason = '' } = request.body
        const nowMs = Date.now()
        const mutedUntilMs = readMutedUntil(state, muted_until, nowMs)
        const queries = queriesOf(run, request, reply)
        if (!(await isKnownGroup(queries, fingerprint)))
          throw new OpsError('not_found', `there is no upstream error of group ${fingerprint}`)
        await changeGroup({
          fingerprint,
          changed_at: nowMs,
          state,
          muted_until: mutedUntilMs,
          changed_by: request.tokenName,
          reason,
        })
        const states = await statesOfGroups(queries, [fingerprint])
        return { fingerprint, ...presentState(states.get(fingerprint)) }
      },
    )

    app.get(
      '/api/v1/upstream-errors/groups/:fingerprint/history',
      {
        schema: {
          operationId: 'listGroupChanges',
          tags: ['counts'],
          summary: 'The state of a group of similar errors, and who changed it when and why',
          params,
          querystring: Type.Object({}, { additionalProperties: false }),
          response: { 200: historyAnswer, ...errorAnswers },
        },
      },
      async (request, reply) => {
        const fingerprint = request.params.fingerprint.toLowerCase()
        const queries = queriesOf(run, request, reply)
        const [states, history] = await Promise.all([
          statesOfGroups(queries, [fingerprint]),
          historyOfGroup(queries, fingerprint),
        ])
        return {
          fingerprint,
          ...presentState(states.get(fingerprint)),
          history: history.map((change) => ({ state: change.state, ...presentChange(change) })),
        }
      },
    )
  }
}

/** @throws OpsError `invalid_parameter` */
function readMutedUntil(state: string, text: string | undefined, nowMs: number): number {
  const invalid = (why: string) =>
    new OpsError('invalid_parameter', `muted_until: ${why}`, { extra: { parameter: 'muted_until' } })
  if (state !== 'muted') {
    if (text !== undefined) throw invalid('goes with the state muted only')
    return 0
  }
  if (text === undefined) throw invalid('is missing')
  const untilMs = parseTime('muted_until', text, nowMs)
  if (untilMs <= nowMs) throw invalid('is over already')
  return untilMs
}
