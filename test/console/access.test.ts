import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createToken } from '../../src/access/token.ts'
import { post, traceExport, upstreamError } from '../support/otlp.ts'
import { temporaryDirectory } from '../support/sidecar.ts'
import { seriousProblems } from './support/accessibility.ts'
import { chromiumIsThere } from './support/chromium.ts'
import { openTestConsole, type TestConsole } from './support/open-console.ts'

describe.runIf(chromiumIsThere())('a console whose API takes tokens', () => {
  const reader = createToken('reader', ['read'])
  const exporter = createToken('exporter', ['ingest'])
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>
  let console: TestConsole
  const send = (attributes: Record<string, string>): Promise<Response> =>
    post(`${console.sidecar.otlpUrl}/v1/traces`, traceExport([upstreamError(attributes)]), {
      authorization: `Bearer ${exporter.token}`,
    })
  beforeAll(async () => {
    directory = await temporaryDirectory()
    const tokensFile = join(directory.path, 'tokens.json')
    writeFileSync(tokensFile, JSON.stringify({ tokens: [reader.entry, exporter.entry] }), { mode: 0o600 })
    console = await openTestConsole({ tokensFile })
    expect((await send({ 'ops.account.id': 'seen' })).status).toBe(200)
  })
  afterAll(async () => {
    await console.close()
    await directory.remove()
  })

  it('asks for one, refuses wrong ones, says when rights are missing, and follows with the right one', async () => {
    const page = await console.open('?view=errors&live=true&columns=created_at,account_id')
    await page.getByRole('heading', { name: 'A token is required' }).waitFor()
    expect(await seriousProblems(page)).toEqual([])
    const enter = async (token: string) => {
      await page.getByLabel('Token').fill(token)
      await page.getByRole('button', { name: 'Continue' }).click()
    }
    await enter('ops_wrong')
    await page.getByText('This token is not known here.').waitFor()
    await enter(exporter.token)
    await page.getByRole('heading', { name: 'This token may not read events' }).waitFor()
    await enter(reader.token)
    await page.getByText('Following', { exact: true }).waitFor()
    await page.locator('.cell-account-id', { hasText: 'seen' }).waitFor()
    await send({ 'ops.account.id': 'followed' })
    await page.locator('.cell-account-id', { hasText: 'followed' }).waitFor()
    // It lives as long as the tab, and goes nowhere but into the header.
    await page.reload()
    await page.getByText('Following', { exact: true }).waitFor()
    expect(page.url()).not.toContain(reader.token)
    expect(await page.evaluate('JSON.stringify(localStorage) + document.cookie')).not.toContain(reader.token)
    await page.getByRole('button', { name: 'Forget token' }).click()
    await page.getByRole('heading', { name: 'A token is required' }).waitFor()
    await page.close()
  })
})
