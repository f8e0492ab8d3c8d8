import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from 'typebox'
import { OpsError } from '../../errors.ts'
import { groupStates, statesOfGroups, withStates } from '../../store/queries/group-states.ts'
import { groupUpstreamErrors } from '../../store/queries/groups.ts'
import type { RunRestrictedQuery } from '../../store/query.ts'
import { errorAnswers, listedEventSchema } from '../event-schema.ts'
import { querySchema } from '../filter-schema.ts'
import { presentEvent } from '../present-event.ts'
import { presentState } from '../present-group-state.ts'
import { queriesOf } from '../query-request.ts'
import { readSelection } from '../read-selection.ts'
import { sourceSchema } from './count.ts'
import { changeSchema, stateSchema } from './group-states.ts'

const affectedSchema = Type.Object({
  count: Type.Integer({ description: 'Up to 1000.' }),
  values: Type.Array(Type.String(), { description: 'Up to 10 of them.' }),
})

const groupsAnswer = Type.Object({
  source: sourceSchema,
  bucket_seconds: Type.Integer({ description: 'Width of the buckets of sparkline.' }),
  first_bucket: Type.String({ format: 'date-time' }),
  groups: Type.Array(
    Type.Object({
      fingerprint: Type.String({ description: '16 hex digits; pass it as a filter to see the events.' }),
      count: Type.Integer(),
      first_seen: Type.String({ format: 'date-time' }),
      last_seen: Type.String({ format: 'date-time' }),
      is_new: Type.Boolean({ description: 'Not seen before the range, whatever the filters.' }),
      sparkline: Type.Array(Type.Integer()),
      accounts: affectedSchema,
      models: affectedSchema,
      sample: Type.Union([listedEventSchema, Type.Null()], {
        description: 'The newest event; null when only counts are left.',
      }),
      state: Type.Union([stateSchema, Type.Null()], {
        description: 'null for tokens that are restricted to namespaces',
      }),
      state_change: Type.Union([changeSchema, Type.Null()]),
    }),
  ),
})
export type GroupsAnswer = Static<typeof groupsAnswer>

/** `GET /api/v1/upstream-errors/groups`. */
export function groupsRoute(run: RunRestrictedQuery): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/v1/upstream-errors/groups',
      {
        config: { conditional: true },
        schema: {
          operationId: 'groupUpstreamErrors',
          tags: ['counts'],
          summary: 'Similar upstream errors together',
          description:
            'Errors of one fingerprint: the same platform, category, status, type and code, and the same message but for ids, numbers and names.',
          querystring: querySchema({
            n: Type.Optional(
              Type.Integer({ minimum: 1, maximum: 100, default: 20, description: 'Groups, largest first.' }),
            ),
            state: Type.Optional(
              Type.Array(Type.Union(groupStates.map((state) => Type.Literal(state))), {
                maxItems: groupStates.length,
                description: 'Only groups of these states. open holds reopened ones too.',
                examples: [['open']],
              }),
            ),
          }),
          response: { 200: groupsAnswer, ...errorAnswers },
        },
      },
      async (request, reply) => {
        const { query } = request
        const { range, filters } = readSelection(query)
        const queries = queriesOf(run, request, reply)
        // What is said of a group is said by people of all namespaces.
        const isRestricted = request.serviceNamespaces !== undefined
        if (isRestricted && query.state !== undefined)
          throw new OpsError('forbidden', 'the token is restricted to namespaces, states of groups are not')
        const all = query.state === undefined ? undefined : await statesOfGroups(queries, undefined)
        const passing = all && query.state ? withStates(filters, all, query.state) : filters
        const found = await groupUpstreamErrors(queries, {
          range,
          filters: passing === 'none' ? filters : passing,
          limit: passing === 'none' ? 0 : (query.n ?? 20),
        })
        const fingerprints = found.groups.map((group) => group.fingerprint)
        const states = all ?? (isRestricted ? undefined : await statesOfGroups(queries, fingerprints))
        // The state of a group changes after its range has ended.
        reply.header('cache-control', 'private, no-cache')
        return {
          source: found.source,
          bucket_seconds: found.bucketSeconds,
          first_bucket: new Date(found.firstBucketMs).toISOString(),
          groups: found.groups.map((group) => ({
            fingerprint: group.fingerprint,
            count: group.count,
            first_seen: new Date(group.firstSeenMs).toISOString(),
            last_seen: new Date(group.lastSeenMs).toISOString(),
            is_new: group.isNew,
            sparkline: [...group.sparkline],
            accounts: { count: group.accounts.count, values: [...group.accounts.values] },
            models: { count: group.models.count, values: [...group.models.values] },
            sample: group.sample ? presentEvent(group.sample) : null,
            ...(states ? presentState(states.get(group.fingerprint)) : { state: null, state_change: null }),
          })),
        }
      },
    )
  }
}
