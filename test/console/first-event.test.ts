import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { post, traceExport, upstreamError } from '../support/otlp.ts'
import { chromiumIsThere } from './support/chromium.ts'
import { openTestConsole, type TestConsole } from './support/open-console.ts'

describe.runIf(chromiumIsThere())('the first event', () => {
  let console: TestConsole
  beforeAll(async () => {
    console = await openTestConsole()
  })
  afterAll(() => console.close())
  const tile = (page: Page, name: RegExp) =>
    page.getByRole('region', { name: 'Errors by what they mean' }).getByRole('button', { name })

  it('is asked for with a curl that works, and appears without a reload', async () => {
    const page = await console.open()
    await page.getByRole('heading', { name: 'No upstream errors yet' }).waitFor()
    const curl = await page.getByRole('region', { name: 'curl' }).textContent()
    expect(await page.getByRole('region', { name: 'TypeScript' }).textContent()).toContain('instrumentFetch')
    // The test's receiver listens on a port that the configuration does not name.
    const here = (curl ?? '').replace(/http:\/\/[^/]+/, console.sidecar.otlpUrl)
    expect((await promisify(execFile)('bash', ['-c', here])).stdout).toBe('{}')
    await tile(page, /^Rate limited 429 1/).waitFor()
    await page.getByRole('button', { name: /gpt-5/ }).first().waitFor()
    await page.close()
  })

  it('of an account is counted on the overview that is open', async () => {
    const page = await console.open()
    await tile(page, /^Rate limited 429 1/).waitFor()
    const errors = Array.from({ length: 4 }, () =>
      upstreamError({ 'ops.account.id': '99', 'http.response.status_code': 503 }),
    )
    await post(`${console.sidecar.otlpUrl}/v1/traces`, traceExport(errors))
    await tile(page, /^Other 5xx 4/).waitFor()
    await page.getByRole('region', { name: 'Accounts' }).getByRole('button', { name: /^99/ }).waitFor()
    await page.close()
  })
})
