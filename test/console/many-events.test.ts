import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generateEvents } from '../../bench/query/generate.ts'
import { openStoreClients } from '../../src/store/client.ts'
import { migrate, readMigrations } from '../../src/store/migrate.ts'
import { eventually } from '../support/eventually.ts'
import { startTestSidecar, type TestSidecar, temporaryDirectory, testConfig } from '../support/sidecar.ts'
import { chromiumIsThere, launchChromium } from './support/chromium.ts'
import { heldBytes } from './support/heap.ts'

const eventCount = 100_000
const migrations = new URL('../../clickhouse', import.meta.url).pathname

describe.runIf(chromiumIsThere())('a table of 100,000 events', () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>
  let sidecar: TestSidecar
  let browser: Awaited<ReturnType<typeof launchChromium>>
  beforeAll(async () => {
    directory = await temporaryDirectory()
    const clients = await openStoreClients(testConfig(directory.path))
    await migrate(clients.writer, readMigrations(migrations))
    const toMs = Date.now() - 60_000
    await generateEvents(clients.writer, { rows: eventCount, seed: 1, fromMs: toMs - 40 * 60_000, toMs })
    await clients.close()
    sidecar = await startTestSidecar(directory.path)
    browser = await launchChromium()
  })
  afterAll(async () => {
    await browser.close()
    await sidecar.stop()
    await directory.remove()
  })

  it('is scrolled to its end by cursors, the last page read as cheaply as the first, with few rows drawn', async () => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
    /** Rows that ClickHouse read for each page of events, in order. */
    const rowsRead: number[] = []
    page.on('response', (answer) => {
      if (!answer.url().includes('/upstream-errors?')) return
      if (!answer.url().includes('limit=1000')) return
      expect(answer.url()).toContain('cursor=')
      rowsRead.push(Number(/rows=(\d+)/.exec(answer.headers()['server-timing'] ?? '')?.[1]))
    })
    await page.goto(`${sidecar.apiUrl}/?view=errors`)
    const table = page.getByRole('grid')
    await table.locator('.event-row').first().waitFor()
    let mostRows = 0
    await eventually(async () => {
      await table.evaluate((element) => {
        element.scrollTop = element.scrollHeight
      })
      mostRows = Math.max(mostRows, await table.locator('.event-row').count())
      expect(await page.getByText(`100,000 loaded`).count()).toBe(1)
    }, 50_000)
    await table.evaluate((element) => {
      element.scrollTop = element.scrollHeight
    })
    await page.locator(`[aria-rowindex="${eventCount + 1}"]`).waitFor()
    expect(mostRows).toBeLessThan(100)
    expect(rowsRead.length).toBeGreaterThanOrEqual(100)
    const early = Math.max(...rowsRead.slice(0, 10))
    expect(Math.max(...rowsRead.slice(-10))).toBeLessThanOrEqual(2 * early)
    expect(await heldBytes(page)).toBeLessThan(150e6)
    // It still answers: the newest row is a jump away, and opens.
    await table.evaluate((element) => {
      element.scrollTop = 0
    })
    await page.locator('[aria-rowindex="2"]').click()
    await page.getByRole('complementary', { name: 'Event' }).locator('.detail-message').waitFor()
    await page.close()
  })
})
