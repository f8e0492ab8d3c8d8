/**
 * `npm run console:screenshots`: pictures of every view, light and dark, from demo data, into docs/images.
 * With a folder as argument they go there.
 */
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { eventually } from '../support/eventually.ts'
import { post } from '../support/otlp.ts'
import { startTestSidecar, temporaryDirectory } from '../support/sidecar.ts'
import { buildConsole } from './support/build-console.ts'
import { launchChromium } from './support/chromium.ts'
import { demoExports } from './support/demo-events.ts'

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
  for (const body of demoExports(Date.now())) await post(`${sidecar.otlpUrl}/v1/traces`, body)
  const answer = await eventually(async () => {
    const found = await fetch(
      `${sidecar.apiUrl}/api/v1/upstream-errors?from=now-30m&status_code=429&platform=anthropic&attempt=1&limit=1`,
    )
    const { events } = (await found.json()) as { events: { event_id: string }[] }
    if (events.length === 0) throw new Error('the demo data is not stored yet')
    return events
  })
  const event = answer[0]?.event_id
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

async function shoot(
  name: string,
  query: string,
  colorScheme: 'light' | 'dark',
  viewport: { width: number; height: number },
): Promise<void> {
  const page = await browser.newPage({ viewport, colorScheme })
  await page.goto(`${sidecar.apiUrl}/${query}`)
  await settled(page)
  const file = join(target, `${name}-${colorScheme}.png`)
  await page.screenshot({ path: file })
  process.stdout.write(`${file}\n`)
  await page.close()
}

async function settled(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle')
  await page.waitForFunction(`document.querySelectorAll('.skeleton, [aria-busy="true"]').length === 0`)
}
