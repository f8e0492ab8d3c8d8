import { stringify } from 'yaml'
import { account } from './account.ts'
import { renderAlerts } from './alerts.ts'
import { type Dashboard, renderDashboard } from './dashboard.ts'
import { groups } from './groups.ts'
import { health } from './health.ts'
import { model } from './model.ts'
import { overview } from './overview.ts'
import { throttling } from './throttling.ts'

export const dashboards: readonly Dashboard[] = [overview, account, model, throttling, groups, health]

const made = 'Made by `npm run grafana:build` from grafana/source.'

/** The files that Grafana reads, by their path in grafana/. */
export function grafanaFiles(): ReadonlyMap<string, string> {
  return new Map([
    ...dashboards.map((dashboard): [string, string] => [
      `dashboards/${dashboard.uid}.json`,
      `${JSON.stringify(renderDashboard(dashboard), null, 2)}\n`,
    ]),
    [
      'provisioning/alerting/ops-sidecar.yaml',
      `# ${made}\n${stringify(renderAlerts(), { lineWidth: 0, aliasDuplicateObjects: false })}`,
    ],
  ])
}
