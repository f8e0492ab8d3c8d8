import { clickhouse, type Panel } from './panel.ts'

export interface Variable {
  readonly name: string
  readonly label: string
  /** SQL of its values; undefined = a text that people type. */
  readonly sql?: string
  /** What a text begins with. */
  readonly text?: string
  readonly hide?: boolean
}

export interface Dashboard {
  readonly uid: string
  readonly title: string
  readonly description: string
  /** Relative, such as `now-1h`. */
  readonly from: string
  readonly variables: readonly Variable[]
  /** Panels of each row with their widths; a row is 24 wide. */
  readonly rows: readonly {
    readonly height: number
    readonly panels: readonly (readonly [width: number, Panel])[]
  }[]
}

/** Where the console is, for links; people set it once for their own. */
export const consoleVariable: Variable = { name: 'console', label: 'Console', text: 'http://127.0.0.1:4380' }

/** The dashboard as Grafana reads it from a file. */
export function renderDashboard(dashboard: Dashboard): object {
  return {
    uid: dashboard.uid,
    title: dashboard.title,
    description: dashboard.description,
    tags: ['ops-sidecar'],
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    timezone: 'browser',
    time: { from: dashboard.from, to: 'now' },
    links: [
      {
        type: 'dashboards',
        title: 'ops-sidecar',
        tags: ['ops-sidecar'],
        asDropdown: true,
        includeVars: true,
        keepTime: true,
      },
    ],
    templating: { list: dashboard.variables.map(renderVariable) },
    panels: placePanels(dashboard),
  }
}

function renderVariable({ name, label, sql, text = '', hide }: Variable): object {
  const shared = { name, label, ...(hide ? { hide: 2 } : {}) }
  if (sql === undefined) {
    const current = { selected: true, text, value: text }
    return { ...shared, type: 'textbox', query: text, current, options: [current] }
  }
  return {
    ...shared,
    type: 'query',
    datasource: clickhouse,
    definition: sql,
    query: { editorType: 'sql', rawSql: sql, refId: name },
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    current: { selected: true, text: ['All'], value: ['$__all'] },
  }
}

function placePanels({ rows }: Dashboard): object[] {
  const placed: object[] = []
  let y = 0
  for (const { height, panels } of rows) {
    let x = 0
    for (const [width, panel] of panels) {
      placed.push({ id: placed.length + 1, gridPos: { h: height, w: width, x, y }, ...panel })
      x += width
    }
    y += height
  }
  return placed
}
