import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { post, traceExport, upstreamError } from '../support/otlp.ts'
import { seriousProblems } from './support/accessibility.ts'
import { chromiumIsThere } from './support/chromium.ts'
import { openTestConsole, type TestConsole } from './support/open-console.ts'

describe.runIf(chromiumIsThere())('groups', () => {
  let console: TestConsole
  const send = (message: string): Promise<Response> =>
    post(
      `${console.sidecar.otlpUrl}/v1/traces`,
      traceExport([upstreamError({ 'exception.message': message, 'http.response.status_code': 503 })]),
    )
  beforeAll(async () => {
    console = await openTestConsole()
    await send('The backend is gone')
    await send('The disk is full')
  })
  afterAll(() => console.close())

  it('are resolved with a reason, reopened by the next error, and muted for a time', async () => {
    const page = await console.open('?view=groups')
    const group = (message: string) => page.locator('.group', { hasText: message })
    await group('backend').waitFor()
    expect(await group('backend').getByText('new', { exact: true }).count()).toBe(1)
    await group('backend').getByRole('button', { name: 'Resolve' }).click()
    await page.getByLabel('Reason, for others').fill('moved to the other region')
    expect(await seriousProblems(page)).toEqual([])
    const dialog = page.getByRole('dialog', { name: 'State of the group' })
    await dialog.getByRole('button', { name: 'Resolved' }).click()
    await dialog.waitFor({ state: 'detached' })
    await group('backend').getByText('resolved', { exact: true }).waitFor()
    expect(await group('backend').getByText('resolved', { exact: true }).getAttribute('title')).toContain(
      'moved to the other region',
    )
    await page.getByRole('group', { name: 'State' }).getByRole('button', { name: 'Resolved' }).click()
    await eventually(async () => expect(await page.locator('.group').count()).toBe(1))
    await page.getByRole('group', { name: 'State' }).getByRole('button', { name: 'All' }).click()
    await group('disk').getByRole('button', { name: 'Resolve' }).click()
    await page.getByLabel('Muted for').selectOption('for 7 days')
    await dialog.getByRole('button', { name: 'Mute' }).click()
    await group('disk')
      .getByText(/^muted until/)
      .waitFor()
    await send('The backend is gone')
    await group('backend').getByText('reopened', { exact: true }).waitFor()
    await page.close()
  })
})
