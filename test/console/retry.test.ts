import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requestErrorExport } from '../retry/request-error.ts'
import { type RetryGateway, startRetryGateway } from '../retry/retry-gateway.ts'
import { eventually } from '../support/eventually.ts'
import { json } from '../support/json.ts'
import { post, traceExport, upstreamError } from '../support/otlp.ts'
import { temporaryDirectory } from '../support/sidecar.ts'
import { seriousProblems } from './support/accessibility.ts'
import { chromiumIsThere } from './support/chromium.ts'
import { openTestConsole, type TestConsole } from './support/open-console.ts'

describe.runIf(chromiumIsThere())('retry from the details', () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>
  let gateway: RetryGateway
  let console: TestConsole
  let eventId: string
  beforeAll(async () => {
    directory = await temporaryDirectory()
    gateway = await startRetryGateway()
    const retryCredentialsFile = join(directory.path, 'credentials')
    writeFileSync(retryCredentialsFile, 'Authorization: Bearer retry-credential-4711\n')
    console = await openTestConsole({
      retryGatewayUrl: gateway.url,
      retryCredentialsFile,
      retryAccountHeader: 'X-Account',
    })
    const requestId = randomUUID()
    const url = `${console.sidecar.otlpUrl}/v1/traces`
    await post(url, traceExport([upstreamError({ 'ops.request.id': requestId, 'ops.account.id': '17' })]))
    await post(url, requestErrorExport({ 'ops.request.id': requestId }))
    eventId = await eventually(async () => {
      const story = await json<{ outcome: string; attempts: { event_id: string }[] }>(
        fetch(`${console.sidecar.apiUrl}/api/v1/requests/${requestId}`),
      )
      const id = story.attempts[0]?.event_id
      if (story.outcome !== 'failed' || id === undefined) throw new Error('not stored yet')
      return id
    })
  })
  afterAll(async () => {
    await console.close()
    await gateway.close()
    await directory.remove()
  })

  it('sends once after a second click, pinned to the account, and shows result, history and refusal', async () => {
    gateway.answer = (response) => response.writeHead(200, { 'x-account': '18' }).end('{"ok":true}')
    const page = await console.open(`?view=errors&event=${eventId}`)
    const retry = page.getByRole('region', { name: 'Retry' })
    await retry.getByLabel('Send it').selectOption('upstream')
    expect(await retry.getByRole('textbox', { name: 'Account' }).inputValue()).toBe('17')
    await retry.getByRole('textbox', { name: 'Account' }).fill('18')
    await retry.getByRole('button', { name: 'Retry' }).click()
    expect(gateway.seen).toHaveLength(0)
    await retry.getByRole('button', { name: 'Send it: it may cost money' }).click()
    await retry.getByRole('status').getByText('succeeded').waitFor()
    expect(gateway.seen.map(({ headers }) => headers['x-account'])).toEqual(['18'])
    expect(await retry.getByRole('status').getByText('"ok": true').count()).toBe(1)
    const history = retry.getByRole('list', { name: 'Earlier retries' })
    await history.getByText('account 18').waitFor()
    expect(await seriousProblems(page)).toEqual([])
    // Too soon after the last one: the API's own words.
    await retry.getByRole('button', { name: 'Retry' }).click()
    await retry.getByRole('button', { name: 'Send it: it may cost money' }).click()
    await retry.getByRole('alert').waitFor()
    expect(gateway.seen).toHaveLength(1)
    await page.close()
  })
})
