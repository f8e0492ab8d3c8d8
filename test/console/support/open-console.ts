import type { Browser, Page } from 'playwright-core'
import type { Config } from '../../../src/config.ts'
import { startTestSidecar, type TestSidecar, temporaryDirectory } from '../../support/sidecar.ts'
import { launchChromium } from './chromium.ts'

export interface TestConsole {
  readonly sidecar: TestSidecar
  readonly browser: Browser
  /** Opens the console with a query string; whatever the page reports as an error fails the test at `close`. */
  open(query?: string, options?: Parameters<Browser['newPage']>[0]): Promise<Page>
  close(): Promise<void>
}

/** A sidecar that serves the console, and a browser to look at it. */
export async function openTestConsole(changes: Partial<Config> = {}): Promise<TestConsole> {
  const directory = await temporaryDirectory()
  const sidecar = await startTestSidecar(directory.path, changes)
  const browser = await launchChromium()
  const errors: string[] = []
  return {
    sidecar,
    browser,
    async open(query = '', options = {}) {
      const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, ...options })
      page.setDefaultTimeout(30_000)
      page.on('pageerror', (error) => errors.push(String(error)))
      // Answers with an error status are told as well; those are what some tests are about.
      page.on('console', (message) => {
        if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
          errors.push(message.text())
      })
      await page.goto(`${sidecar.apiUrl}/${query}`)
      return page
    },
    async close() {
      await browser.close()
      await sidecar.stop()
      await directory.remove()
      if (errors.length > 0) throw new Error(`the page reported errors:\n${errors.join('\n')}`)
    },
  }
}
