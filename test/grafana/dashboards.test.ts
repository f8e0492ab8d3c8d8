import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { alertRules } from '../../grafana/source/alerts.ts'
import { dashboards, grafanaFiles } from '../../grafana/source/files.ts'
import type { ClickhouseTarget, Panel, PrometheusTarget } from '../../grafana/source/panel.ts'
import { generateEvents, seeded } from '../api/generate-events.ts'
import { openTestApi, type TestApi } from '../api/open-test-api.ts'
import { checkPromql } from '../support/promql.ts'
import { type DashboardRange, expandMacros } from './expand-macros.ts'

const hourMs = 3_600_000
const toMs = Date.now()
const range: DashboardRange = { fromMs: toMs - 5.5 * hourMs, toMs, intervalSeconds: 60 }
const chosen = { platform: ['openai', "it's"], account_id: ['1', '2', '3'], model: ['gpt-5'] }

let api: TestApi
beforeAll(async () => {
  api = await openTestApi()
  const random = seeded(11)
  await api.insert(generateEvents(3000, range.fromMs - 2 * hourMs, toMs - 20 * 60_000, random))
  // What the alerts look for, up to this moment.
  await api.insert(
    generateEvents(400, toMs - 4 * 60_000, toMs - 1000, random, 'now').map((event, index) => ({
      ...event,
      platform: 'anthropic',
      account_id: index % 2 === 0 ? '7' : '8',
      status_code: index % 3 === 0 ? 529 : 429,
      category: index % 5 === 0 ? ('quota_exhausted' as const) : event.category,
      fingerprint: BigInt(1000 + (index % 2)),
      retry_after_ms: 3_600_000,
    })),
  )
})
afterAll(() => api.close())

interface Result {
  readonly meta: readonly { readonly name: string; readonly type: string }[]
  readonly data: readonly Readonly<Record<string, unknown>>[]
}

async function run(sql: string): Promise<Result> {
  const answer = await api.store.clients.writer.query({ query: sql, format: 'JSON' })
  return (await answer.json()) as unknown as Result
}

const isTime = (type: string) => /^DateTime/.test(type)
const isNumber = (type: string) => /^(Nullable\()?(U?Int|Float|Decimal)/.test(type)
const isText = (type: string) => /String/.test(type)

/** What the plugin makes series of: a time, numbers, and at most texts that name the series, in order of time. */
function checkTimeSeries({ meta, data }: Result): void {
  const [time, ...others] = meta
  expect(time).toMatchObject({ name: 'time' })
  expect(isTime(time?.type ?? '')).toBe(true)
  expect(others.some(({ type }) => isNumber(type))).toBe(true)
  expect(others.filter(({ type }) => !isNumber(type) && !isText(type))).toEqual([])
  const times = data.map((row) => String(row.time))
  expect(times).toEqual(times.toSorted())
}

const clickhousePanels = dashboards.flatMap((dashboard) =>
  dashboard.rows.flatMap(({ panels }) =>
    panels
      .filter(([, panel]) => panel.datasource.uid === 'ops-clickhouse')
      .map(([, panel]): [string, Panel] => [`${dashboard.title}: ${panel.title}`, panel]),
  ),
)

function sqlOf(name: string): string {
  const target = clickhousePanels.find(([panelName]) => panelName === name)?.[1].targets[0]
  if (target === undefined || !('rawSql' in target)) throw new Error(`there is no panel ${name} with SQL`)
  return target.rawSql
}

describe.each(clickhousePanels)('the panel %s', (_, panel) => {
  const [target] = panel.targets as readonly ClickhouseTarget[]
  const sql = target?.rawSql ?? ''

  it('gets rows of the shape that it draws, for all and for chosen values', async () => {
    for (const values of [{}, chosen]) {
      const result = await run(expandMacros(sql, range, values))
      if (target?.queryType === 'timeseries') checkTimeSeries(result)
      else expect(result.meta.some(({ type }) => isNumber(type))).toBe(true)
      if (values !== chosen) expect(result.data.length).toBeGreaterThan(0)
    }
  })

  it('links from columns that it has', async () => {
    const { meta } = await run(expandMacros(sql, range))
    const { overrides } = panel.fieldConfig as { overrides: { matcher: { options: string } }[] }
    const names = meta.map(({ name }) => name)
    expect(overrides.filter(({ matcher }) => !names.includes(matcher.options))).toEqual([])
  })
})

describe('counts of accounts and models', () => {
  it.each(['account_id', 'model'])(
    'are those of exactly the range, though they come from a rollup: %s',
    async (column) => {
      const sql = sqlOf(`Upstream errors: ${column === 'model' ? 'Models' : 'Accounts'}`)
      for (const fromMs of [range.fromMs, toMs - 20 * 60_000, toMs - 8 * 60_000]) {
        const { data } = await run(expandMacros(sql, { ...range, fromMs }))
        const expected = await run(
          expandMacros(
            `SELECT ${column}, count() AS errors FROM ops_upstream_error_events WHERE $__timeFilter_ms(created_at) AND ${column} != '' GROUP BY ${column}`,
            { ...range, fromMs },
          ),
        )
        const counts = (rows: Result['data']) =>
          Object.fromEntries(rows.map((row) => [row[column], Number(row.errors)]))
        expect(counts(data)).toEqual(counts(expected.data))
        expect(data.length).toBeGreaterThan(1)
      }
    },
  )

  it('come from rollups wherever they can, so that months are quick', () => {
    const fromEvents = clickhousePanels
      .map(([name]) => name)
      .filter((name) => !/ops_upstream_error_counts/.test(sqlOf(name)))
      .filter((name) => /^(Upstream errors|Error groups):/.test(name))
    expect(fromEvents).toEqual(['Upstream errors: Newest errors', 'Error groups: Groups'])
  })
})

describe('the variables', () => {
  it.each(
    dashboards.flatMap(({ variables }) =>
      variables.filter(({ sql }) => sql).map(({ name, sql }) => [name, sql ?? '']),
    ),
  )('%s have values', async (_, sql) => {
    expect((await run(expandMacros(sql, range))).data.length).toBeGreaterThan(1)
  })
})

describe.each(alertRules)('the alert $uid', ({ query, minutes, fires, summary }) => {
  if ('expr' in query) {
    it('asks for metrics that there are', () => expect(checkPromql(query.expr).length).toBeGreaterThan(0))
    return
  }

  it('gets a number for each thing that it can fire for, with the labels that its text names', async () => {
    const { meta, data } = await run(
      expandMacros(query.sql, { fromMs: toMs - minutes * 60_000, toMs, intervalSeconds: 60 }),
    )
    const numbers = meta.filter(({ type }) => isNumber(type))
    expect(numbers.length).toBe(1)
    expect(meta.filter(({ type }) => !isNumber(type) && !isText(type))).toEqual([])
    const labels = [...summary.matchAll(/\.Labels\.(\w+)/g)].map((match) => match[1])
    expect(labels.filter((label) => !meta.some(({ name }) => name === label))).toEqual([])
    const values = data.map((row) => Number(row[numbers[0]?.name ?? '']))
    expect(values.some((value) => (fires.when === 'gt' ? value > fires.than : value < fires.than))).toBe(true)
  })

  it('gets nothing beyond its threshold from a quiet time', async () => {
    const quiet = { fromMs: toMs - 400 * 24 * hourMs, toMs: toMs - 399 * 24 * hourMs, intervalSeconds: 60 }
    expect((await run(expandMacros(query.sql, quiet))).data).toEqual([])
  })
})

describe('the panels of the sidecar itself', () => {
  it('ask for metrics that there are', () => {
    const targets = dashboards
      .flatMap(({ rows }) => rows.flatMap(({ panels }) => panels.flatMap(([, panel]) => panel.targets)))
      .filter((target): target is PrometheusTarget => 'expr' in target)
    expect(targets.length).toBeGreaterThan(10)
    for (const { expr } of targets)
      expect(checkPromql(expr.replaceAll('$__rate_interval', '1m')).length).toBeGreaterThan(0)
  })
})

describe('the files for Grafana', () => {
  const grafana = new URL('../../grafana/', import.meta.url)

  it('are what `npm run grafana:build` makes', () => {
    for (const [path, content] of grafanaFiles())
      expect([path, readFileSync(new URL(path, grafana), 'utf8')]).toEqual([path, content])
  })

  it('name data sources that are provisioned', () => {
    const { datasources } = parseYaml(
      readFileSync(new URL('provisioning/datasources/ops-sidecar.yaml', grafana), 'utf8'),
    ) as { datasources: { uid: string }[] }
    const provisioned = new Set(datasources.map(({ uid }) => uid))
    const used = [...grafanaFiles().values()].join('\n').match(/ops-(clickhouse|prometheus)/g) ?? []
    expect([...new Set(used)].filter((uid) => !provisioned.has(uid))).toEqual([])
    expect(new Set(used).size).toBe(2)
  })

  it('have each id once, and panels that do not overlap', () => {
    expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(dashboards.length)
    expect(new Set(alertRules.map(({ uid }) => uid)).size).toBe(alertRules.length)
    for (const { title, rows } of dashboards)
      for (const { panels } of rows)
        expect([title, panels.reduce((sum, [width]) => sum + width, 0)]).toEqual([title, 24])
  })
})
