/**
 * `npm run console:screenshots`: pictures of every view, light and dark, from demo data, into docs/images.
 * With a folder as argument they go there.
 */
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { json } from '../support/json.ts'
import { startTestSidecar, temporaryDirectory } from '../support/sidecar.ts'
import { buildConsole } from './support/build-console.ts'
import { launchChromium } from './support/chromium.ts'
import { settled } from './support/settled.ts'
import { storeDemo } from './support/store-demo.ts'

const target = resolve(process.argv[2] ?? new URL('../../docs/images', import.meta.url).pathname)
const desktop = { width: 1360, height: 850 }
const smaller = { width: 1240, height: 775 }
const phone = { width: 390, height: 844 }

buildConsole()
mkdirSync(target, { recursive: true })
const directory = await temporaryDirectory()
const sidecar = await startTestSidecar(directory.path, {
  traceUrlTemplate: 'http://localhost:16686/trace/{trace_id}',
})
const browser = await launchChromium()
try {
  await storeDemo(sidecar)
  const { events } = await json<{ events: { event_id: string; request_id: string }[] }>(
    fetch(
      `${sidecar.apiUrl}/api/v1/upstream-errors?from=now-30m&status_code=429&platform=anthropic&attempt=1&limit=50`,
    ),
  )
  const event = await failedInTheEnd(events)
  for (const colorScheme of ['light', 'dark'] as const) {
    await shoot('overview', '', colorScheme, desktop)
    await shoot('errors', '?view=errors&platform=anthropic&platform=openai', colorScheme, desktop)
    await shoot('detail', `?view=errors&event=${event}`, colorScheme, smaller)
    await shoot('groups', '?view=groups', colorScheme, desktop)
  }
  await shoot('phone', '', 'light', phone)
} finally {
  await browser.close()
  await sidecar.stop()
  await directory.remove()
}

/** One whose client got the error: its request has all that details can show. */
async function failedInTheEnd(
  events: readonly { event_id: string; request_id: string }[],
): Promise<string | undefined> {
  for (const { event_id, request_id } of events) {
    const { outcome } = await json<{ outcome: string }>(
      fetch(`${sidecar.apiUrl}/api/v1/requests/${request_id}`),
    )
    if (outcome === 'failed') return event_id
  }
  return events[0]?.event_id
}

async function shoot(
  name: string,
  query: string,
  colorScheme: 'light' | 'dark',
  viewport: { width: number; height: number },
): Promise<void> {
  const page = await browser.newPage({ viewport, colorScheme })
  await page.goto(`${sidecar.apiUrl}/${query}`)
  await page.waitForLoadState('networkidle')
  await settled(page)
  const file = join(target, `${name}-${colorScheme}.png`)
  await page.screenshot({ path: file })
  process.stdout.write(`${file}\n`)
  await page.close()
}
