import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const usualPlaces = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/** The browser that the console is tested in: OPS_TEST_CHROMIUM, or where one usually is. */
export function findChromium(): string | undefined {
  const named = process.env.OPS_TEST_CHROMIUM
  if (named !== undefined && named !== '') return named
  return usualPlaces.find((path) => existsSync(path))
}

/**
 * Whether there is a browser to test in. A newcomer's machine may have none, and is told so; CI has to have one.
 */
export function chromiumIsThere(): boolean {
  if (findChromium() !== undefined) return true
  const reason = 'no Chromium found: install it (apt-get install chromium) or set OPS_TEST_CHROMIUM'
  if (process.env.CI) throw new Error(reason)
  process.stderr.write(`the console's tests in a browser do not run: ${reason}\n`)
  return false
}

/** A headless browser with a profile of its own, that talks to nobody but the page under test. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = findChromium()
  if (executablePath === undefined) throw new Error('no Chromium found')
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
