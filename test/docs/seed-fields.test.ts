import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requestErrorColumns, upstreamErrorColumns } from '../../src/event/tables.ts'
import { retryAttemptColumns } from '../../src/store/retry-attempts.ts'
import { openTestApi, type TestApi } from '../api/open-test-api.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const sections = new Map(
  read('docs/seed-fields.md')
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf('\n')), section]),
)

/** Rows of a section's table by the names of its columns, without backticks around single names. */
function rowsOf(section: string): Record<string, string>[] {
  const lines = (sections.get(section) ?? '').split('\n').filter((line) => line.startsWith('| '))
  const [head = [], ...rows] = lines.map((line) =>
    line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')),
  )
  return rows.map((cells) => Object.fromEntries(cells.map((cell, index) => [head[index] ?? '', cell])))
}

/** The names that stand in backticks. */
const namesIn = (cell: string | undefined) =>
  [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? '')

/** The fields of the document's types, in their order. */
const fields = {
  OpsErrorLog:
    'id created_at phase type severity status_code platform model latency_ms client_request_id request_id message user_id api_key_id account_id group_id client_ip request_path stream',
  OpsErrorLogDetail:
    'error_body user_agent upstream_status_code upstream_error_message upstream_error_detail upstream_errors auth_latency_ms routing_latency_ms upstream_latency_ms response_latency_ms time_to_first_token_ms request_body request_body_truncated request_body_bytes request_headers is_business_limited',
  OpsErrorLogFilter: 'StartTime EndTime Platform GroupID AccountID StatusCodes Phase Query Page PageSize',
  OpsRetryAttempt:
    'id created_at requested_by_user_id source_error_id mode pinned_account_id status started_at finished_at duration_ms result_request_id result_error_id error_message',
  OpsRetryResult:
    'attempt_id mode status pinned_account_id used_account_id http_status_code upstream_request_id response_preview response_truncated error_message started_at finished_at duration_ms',
  UpstreamErrorEvent:
    'request_id platform model status_code error_message request_headers response_body created_at',
}

const columns: Readonly<Record<string, readonly { readonly name: string }[]>> = {
  OpsErrorLog: requestErrorColumns,
  OpsErrorLogDetail: requestErrorColumns,
  OpsRetryAttempt: retryAttemptColumns,
  OpsRetryResult: retryAttemptColumns,
  UpstreamErrorEvent: upstreamErrorColumns,
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
}
interface Operation {
  readonly parameters?: readonly { readonly name: string }[]
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }>
  >
}
let api: TestApi
let paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>

beforeAll(async () => {
  api = await openTestApi()
  paths = (await api.app.inject('/api/openapi.json')).json().paths
})
afterAll(() => api.close())

const answerOf = (path: string, method = 'get'): Schema =>
  paths[path]?.[method]?.responses['200']?.content['application/json']?.schema ?? {}

const answers: Readonly<Record<string, () => Schema | undefined>> = {
  OpsErrorLog: () => answerOf('/api/v1/errors').properties?.errors?.items,
  OpsErrorLogDetail: () => answerOf('/api/v1/errors/{id}'),
  OpsRetryAttempt: () => answerOf('/api/v1/errors/{id}/retries').items,
  OpsRetryResult: () => answerOf('/api/v1/errors/{id}/retry', 'post'),
  UpstreamErrorEvent: () => answerOf('/api/v1/upstream-errors').properties?.events?.items,
}

describe('docs/seed-fields.md', () => {
  it.each(Object.entries(fields))('has every field of %s', (section, names) => {
    expect(rowsOf(section).flatMap((row) => namesIn(row.field))).toEqual(names.split(' '))
  })

  it.each(Object.keys(columns))('names columns of %s that there are', (section) => {
    const known = new Set([...(columns[section] ?? []).map(({ name }) => name), 'ops_upstream_error_events'])
    const named = rowsOf(section).flatMap((row) => namesIn(row.column))
    expect(named.length).toBeGreaterThan(5)
    expect(named.filter((name) => !known.has(name))).toEqual([])
  })

  it.each(Object.entries(answers))('names members of %s that the API answers', (section, answer) => {
    const known = Object.keys(answer()?.properties ?? {})
    const named = rowsOf(section).flatMap((row) => namesIn(row.JSON))
    expect(named.length).toBeGreaterThan(5)
    expect(named.filter((name) => !known.includes(name))).toEqual([])
  })

  it.each(['OpsErrorLog', 'OpsErrorLogDetail', 'UpstreamErrorEvent'])(
    'names attributes of %s that are read',
    (section) => {
      const normalization = [
        'normalize-request-error',
        'normalize-event',
        'event-origin',
        'header-attributes',
      ]
        .map((file) => read(`src/normalization/${file}.ts`))
        .join('\n')
      const named = rowsOf(section).flatMap((row) => namesIn(row.attribute))
      expect(named.length).toBeGreaterThan(5)
      const prefixes = named.map((name) => name.replace(/\*$/, ''))
      expect(prefixes.filter((name) => !normalization.includes(name))).toEqual([])
    },
  )

  it('names the parameters and the answer of the list', () => {
    const known = paths['/api/v1/errors']?.get?.parameters?.map(({ name }) => name) ?? []
    const named = rowsOf('OpsErrorLogFilter').map((row) => namesIn(row.parameter)[0])
    expect(named).toHaveLength(10)
    expect(known).toEqual(expect.arrayContaining(named))
    const list = Object.keys(answerOf('/api/v1/errors').properties ?? {})
    expect(list).toEqual(['errors', 'total', 'page', 'page_size', 'next_cursor'])
    for (const name of list) expect(namesIn(sections.get('OpsErrorLogList'))).toContain(name)
  })
})
