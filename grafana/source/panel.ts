/** The few shapes of Grafana's dashboard JSON that these dashboards are made of. */

export const clickhouse = { type: 'grafana-clickhouse-datasource', uid: 'ops-clickhouse' } as const
export const prometheus = { type: 'prometheus', uid: 'ops-prometheus' } as const

/** How the ClickHouse plugin shapes a result: rows over time, or a table. */
const formats = { timeseries: 0, table: 1 } as const
export type ResultFormat = keyof typeof formats

export interface ClickhouseTarget {
  readonly refId: string
  readonly datasource: typeof clickhouse
  readonly editorType: 'sql'
  readonly queryType: ResultFormat
  readonly format: number
  readonly rawSql: string
}

export interface PrometheusTarget {
  readonly refId: string
  readonly datasource: typeof prometheus
  readonly expr: string
  readonly legendFormat: string
}

export interface Panel {
  readonly type: string
  readonly title: string
  readonly description?: string
  /** Smallest interval that the panel asks for. */
  readonly interval?: string
  readonly datasource: typeof clickhouse | typeof prometheus
  readonly targets: readonly (ClickhouseTarget | PrometheusTarget)[]
  readonly fieldConfig: object
  readonly options: object
}

export interface Link {
  readonly title: string
  readonly url: string
}

export function sqlTarget(format: ResultFormat, rawSql: string, refId = 'A'): ClickhouseTarget {
  return {
    refId,
    datasource: clickhouse,
    editorType: 'sql',
    queryType: format,
    format: formats[format],
    rawSql: rawSql.trim(),
  }
}

interface PanelText {
  readonly title: string
  readonly description?: string
}

/** One number with its line over the range. */
export function stat(
  { title, description, unit = 'short' }: PanelText & { unit?: string },
  sql: string,
): Panel {
  return {
    type: 'stat',
    title,
    ...(description ? { description } : {}),
    interval: '1m',
    datasource: clickhouse,
    targets: [sqlTarget('timeseries', sql)],
    fieldConfig: { defaults: { unit, noValue: '0', color: { mode: 'thresholds' } }, overrides: [] },
    options: {
      reduceOptions: { calcs: ['sum'], fields: '', values: false },
      graphMode: 'area',
      colorMode: 'value',
    },
  }
}

/** Lines or stacked bars over time. */
export function timeseries(
  {
    title,
    description,
    unit = 'short',
    interval,
    stacked = false,
  }: PanelText & {
    unit?: string
    interval?: string
    stacked?: boolean
  },
  sql: string,
): Panel {
  return {
    type: 'timeseries',
    title,
    ...(description ? { description } : {}),
    ...(interval ? { interval } : {}),
    datasource: clickhouse,
    targets: [sqlTarget('timeseries', sql)],
    fieldConfig: { defaults: { unit, custom: stacked ? stackedBars : lines }, overrides: [] },
    options: {
      legend: { displayMode: 'table', placement: 'right', calcs: ['sum'] },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  }
}

const stackedBars = {
  drawStyle: 'bars',
  fillOpacity: 80,
  lineWidth: 0,
  stacking: { mode: 'normal', group: 'A' },
}
const lines = { drawStyle: 'line', fillOpacity: 10, lineWidth: 1, spanNulls: false }

/** Rows, with links on the cells of some columns. */
export function table(
  {
    title,
    description,
    units = {},
    links = {},
  }: PanelText & {
    units?: Readonly<Record<string, string>>
    links?: Readonly<Record<string, Link>>
  },
  sql: string,
): Panel {
  const overrides = [
    ...Object.entries(units).map(([column, unit]) => override(column, { id: 'unit', value: unit })),
    ...Object.entries(links).map(([column, link]) => override(column, { id: 'links', value: [link] })),
  ]
  return {
    type: 'table',
    title,
    ...(description ? { description } : {}),
    datasource: clickhouse,
    targets: [sqlTarget('table', sql)],
    fieldConfig: { defaults: {}, overrides },
    options: { showHeader: true, cellHeight: 'sm' },
  }
}

function override(column: string, property: object): object {
  return { matcher: { id: 'byName', options: column }, properties: [property] }
}

/** Bars of one text and one number each. */
export function bars({ title, description }: PanelText, sql: string): Panel {
  return {
    type: 'barchart',
    title,
    ...(description ? { description } : {}),
    datasource: clickhouse,
    targets: [sqlTarget('table', sql)],
    fieldConfig: { defaults: { unit: 'short', custom: { fillOpacity: 80 } }, overrides: [] },
    options: { orientation: 'horizontal', legend: { showLegend: false } },
  }
}

/** Lines of PromQL expressions, by their legend. */
export function promLines(
  { title, description, unit = 'short' }: PanelText & { unit?: string },
  expressions: Readonly<Record<string, string>>,
): Panel {
  return {
    type: 'timeseries',
    title,
    ...(description ? { description } : {}),
    datasource: prometheus,
    targets: Object.entries(expressions).map(([legendFormat, expr], index) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + index),
      datasource: prometheus,
      expr,
      legendFormat,
    })),
    fieldConfig: { defaults: { unit, custom: lines }, overrides: [] },
    options: {
      legend: { displayMode: 'list', placement: 'bottom' },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  }
}
