import { eventually } from '../../support/eventually.ts'
import { json } from '../../support/json.ts'
import { post } from '../../support/otlp.ts'
import type { TestSidecar } from '../../support/sidecar.ts'
import { demoExports } from './demo-events.ts'

/** Sends the demo events and waits until all of them are stored. Returns their number. */
export async function storeDemo(sidecar: Pick<TestSidecar, 'otlpUrl' | 'apiUrl'>): Promise<number> {
  const exports = demoExports(Date.now())
  for (const body of exports) {
    const answer = await post(`${sidecar.otlpUrl}/v1/traces`, body)
    if (answer.status !== 200) throw new Error(await answer.text())
  }
  const sent = JSON.stringify(exports).split('"name":"ops.upstream_error"').length - 1
  await eventually(async () => {
    const { count } = await json<{ count: number }>(
      fetch(`${sidecar.apiUrl}/api/v1/upstream-errors/count?from=now-4h`),
    )
    if (count !== sent) throw new Error(`${count} of ${sent} events are stored`)
  })
  return sent
}
