import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { json } from '../support/json.ts'
import { seriousProblems } from './support/accessibility.ts'
import { chromiumIsThere } from './support/chromium.ts'
import { openTestConsole, type TestConsole } from './support/open-console.ts'
import { settled } from './support/settled.ts'
import { storeDemo } from './support/store-demo.ts'

describe.runIf(chromiumIsThere())('the console', () => {
  let console: TestConsole
  beforeAll(async () => {
    console = await openTestConsole({ traceUrlTemplate: 'http://traces.example/trace/{trace_id}' })
    await storeDemo(console.sidecar)
  })
  afterAll(() => console.close())

  const api = <Answer>(path: string): Promise<Answer> =>
    json<Answer>(fetch(`${console.sidecar.apiUrl}/api/v1/${path}`))
  const param = (page: Page, name: string) => new URL(page.url()).searchParams.getAll(name)
  const rows = (page: Page) => page.getByRole('grid').locator('.event-row')

  it('says at once what is getting worse, with counts that are those of the API', async () => {
    const { toIso, fromIso } = range()
    const page = await console.open(`?from=${fromIso}&to=${toIso}`)
    await settled(page)
    const worse = page.locator('.worsening')
    expect(await worse.textContent()).toContain('claude-opus-4-6')
    const { items } = await api<{ items: { key: string; count: number }[] }>(
      `upstream-errors/top?dimension=status_code&from=${fromIso}&to=${toIso}`,
    )
    const overloaded = items.find((item) => item.key === '529')?.count ?? 0
    expect(overloaded).toBeGreaterThan(50)
    expect(await page.locator('.tile-overloaded .tile-count').textContent()).toBe(String(overloaded))
    expect(await page.locator('.tile-overloaded .change').textContent()).toMatch(/^▲ .*×$/)
    await page.close()
  })

  it('counts down until throttled accounts may be used again', async () => {
    const page = await console.open()
    const left = page.locator('.throttled-left .number').first()
    await left.waitFor()
    const before = await left.textContent()
    expect(before).toMatch(/^\d+:\d\d$/)
    await eventually(async () => expect(await left.textContent()).not.toBe(before))
    await page.close()
  })

  it('filters by what is typed, completed from the data, and by a click on a value', async () => {
    const page = await console.open('?view=errors')
    await rows(page).first().waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('plat')
    await page.getByRole('option', { name: 'platform:' }).waitFor()
    await page.keyboard.type('form:gem')
    await page.getByRole('option', { name: /^gemini/ }).waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await eventually(async () => expect(param(page, 'platform')).toEqual(['gemini']))
    const platforms = page.locator('.event-row .cell-platform')
    await eventually(async () =>
      expect(new Set(await platforms.allTextContents())).toEqual(new Set(['gemini'])),
    )
    // A click turns the filter into its opposite.
    await page.getByRole('button', { name: 'platform gemini', exact: true }).click()
    expect(param(page, 'platform')).toEqual(['!gemini'])
    await eventually(async () => {
      const shown = await platforms.allTextContents()
      expect(shown.length).toBeGreaterThan(5)
      expect(shown).not.toContain('gemini')
    })
    await page.keyboard.press('/')
    await page.keyboard.type('status:5xx')
    await page.keyboard.press('Enter')
    await page.keyboard.type('overloaded')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Escape')
    expect(param(page, 'status_code')).toEqual(['5xx'])
    expect(param(page, 'q')).toEqual(['overloaded'])
    await eventually(async () => {
      const messages = await page.locator('.event-row .cell-error-message').allTextContents()
      expect(new Set(messages)).toEqual(new Set(['Overloaded']))
    })
    await page.close()
  })

  it('says it when a filter is not one, and lets it be removed', async () => {
    const page = await console.open('?view=errors&latency_ms=fast')
    await page.getByText('latency_ms: "fast" is no number or range').first().waitFor()
    await page.getByRole('button', { name: 'Remove filter latency_ms fast' }).click()
    await rows(page).first().waitFor()
    await eventually(async () => expect(await page.getByRole('alert').count()).toBe(0))
    await page.close()
  })

  it('zooms into the time that is dragged over, and comes back', async () => {
    const page = await console.open()
    await settled(page)
    const plot = page.locator('.chart .u-over')
    const box = await plot.boundingBox()
    if (box === null) throw new Error('there is no chart')
    await page.mouse.move(box.x + box.width * 0.5, box.y + 50)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.75, box.y + 60, { steps: 5 })
    await page.mouse.up()
    await eventually(async () => expect(param(page, 'from')[0]).toMatch(/Z$/))
    const [from, to] = [Date.parse(param(page, 'from')[0] ?? ''), Date.parse(param(page, 'to')[0] ?? '')]
    expect((to - from) / 60_000).toBeGreaterThan(13)
    expect((to - from) / 60_000).toBeLessThan(18)
    await settled(page)
    await page.goBack()
    await page.getByRole('button', { name: 'Last 1 hour' }).waitFor()
    await page.goForward()
    await eventually(async () => expect(Date.parse(param(page, 'from')[0] ?? '')).toBe(from))
    await page.close()
  })

  it('takes a relative range that is typed and an absolute one', async () => {
    const page = await console.open()
    await page.getByRole('button', { name: /Last 1 hour/ }).click()
    await page.getByLabel('Last', { exact: true }).fill('90m')
    await page.getByRole('button', { name: 'Show' }).first().click()
    await eventually(async () => expect(param(page, 'from')).toEqual(['now-90m']))
    await page.getByRole('button', { name: /Time range/ }).click()
    await page.getByLabel('From').fill('2026-01-02T03:04:05')
    await page.getByLabel('To').fill('2026-01-02T04:04:05')
    await page.getByRole('button', { name: 'Show' }).last().click()
    await page.getByRole('heading', { name: 'No errors here' }).waitFor()
    expect(param(page, 'from')).toHaveLength(1)
    await page.getByRole('button', { name: 'Last 24 hours' }).click()
    await page.locator('.tile').first().waitFor()
    await page.close()
  })

  it('brings back what a link holds, and goes back and forth through what was done', async () => {
    const page = await console.open('?view=errors&platform=openai&columns=created_at,model,latency_ms')
    await rows(page).first().waitFor()
    expect(await page.getByRole('columnheader').allTextContents()).toEqual(['Time', 'Model', 'Latency'])
    await page.getByRole('link', { name: 'Groups' }).click()
    await page.locator('.group').first().waitFor()
    expect(param(page, 'platform')).toEqual(['openai'])
    await page.locator('.group-open').first().click()
    await rows(page).first().waitFor()
    expect(param(page, 'fingerprint')).toHaveLength(1)
    await page.goBack()
    await page.locator('.group').first().waitFor()
    await page.goBack()
    await eventually(async () =>
      expect(await page.getByRole('columnheader').allTextContents()).toEqual(['Time', 'Model', 'Latency']),
    )
    await page.goForward()
    await page.locator('.group').first().waitFor()
    await page.close()
  })

  it('adds and removes columns', async () => {
    const page = await console.open('?view=errors')
    await rows(page).first().waitFor()
    await page.getByRole('button', { name: 'Columns' }).click()
    await page.getByRole('checkbox', { name: 'Service', exact: true }).check()
    await page.getByRole('checkbox', { name: 'Category' }).uncheck()
    await page.keyboard.press('Escape')
    await eventually(async () =>
      expect(await page.locator('.event-row .cell-service-name').first().textContent()).toBe('gateway'),
    )
    expect(param(page, 'columns')[0]?.split(',')).toContain('service_name')
    expect(await page.getByRole('columnheader', { name: 'Category' }).count()).toBe(0)
    await page.close()
  })

  it('is worked by keys: j and k choose, Enter opens, Esc closes, ? explains', async () => {
    const page = await console.open('?view=errors')
    await rows(page).first().waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.keyboard.press('k')
    expect(await rows(page).first().getAttribute('aria-selected')).toBe('true')
    await page.keyboard.press('Enter')
    const drawer = page.getByRole('complementary', { name: 'Event' })
    await drawer.waitFor()
    const opened = param(page, 'event')[0]
    await page.keyboard.press('j')
    await eventually(async () => expect(param(page, 'event')[0]).not.toBe(opened))
    await page.keyboard.press('Escape')
    await drawer.waitFor({ state: 'detached' })
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys and filters' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.close()
  })

  it('shows an event with its fields, body, attempts and trace', async () => {
    const { events } = await api<{ events: { event_id: string; trace_id: string; request_id: string }[] }>(
      'upstream-errors?from=now-1h&platform=openai&status_code=429&attempt=1&limit=1',
    )
    const [event] = events
    const page = await console.open(`?view=errors&event=${event?.event_id}`)
    const drawer = page.getByRole('complementary', { name: 'Event' })
    await drawer.getByText('rate_limit_exceeded').first().waitFor()
    const text = (await drawer.textContent()) ?? ''
    expect(text).toContain('openai-spare')
    expect(text).toContain('Rate limit reached for gpt-5.2')
    // Pretty-printed.
    const body = await drawer.getByRole('region', { name: 'Response body' }).textContent()
    expect(body).toContain('\n    "type": "tokens"')
    await drawer.getByText(`Request ${event?.request_id}`).waitFor()
    expect(await drawer.locator('.step').count()).toBeGreaterThanOrEqual(3)
    expect(await drawer.getByRole('link', { name: 'Trace' }).getAttribute('href')).toBe(
      `http://traces.example/trace/${event?.trace_id}`,
    )
    await drawer.getByRole('button', { name: 'Only error_code rate_limit_exceeded' }).click()
    expect(param(page, 'error_code')).toEqual(['rate_limit_exceeded'])
    await page.close()
  })

  it('copies an event as JSON and as a command for the shell', async () => {
    const { events } = await api<{ events: { event_id: string }[] }>(
      'upstream-errors?platform=anthropic&limit=1',
    )
    const context = await console.browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] })
    const page = await context.newPage()
    await page.goto(`${console.sidecar.apiUrl}/?view=errors&event=${events[0]?.event_id}`)
    await page.getByRole('button', { name: 'Copy JSON' }).click()
    await page.getByText('Copied').waitFor()
    expect(JSON.parse((await page.evaluate('navigator.clipboard.readText()')) as string)).toMatchObject({
      event_id: events[0]?.event_id,
    })
    await page.getByRole('button', { name: 'Copy curl' }).click()
    await eventually(async () =>
      expect(await page.evaluate('navigator.clipboard.readText()')).toMatch(
        /^curl -i -X POST 'https:\/\/api\.anthropic\.com\/v1\/messages'/,
      ),
    )
    await context.close()
  })

  it.each(['light', 'dark'] as const)('has no serious accessibility problem in %s', async (colorScheme) => {
    const { events } = await api<{ events: { event_id: string }[] }>('upstream-errors?limit=1')
    const queries = [
      '',
      '?view=errors&platform=openai',
      '?view=groups',
      `?view=errors&event=${events[0]?.event_id}`,
    ]
    const page = await console.open('', { colorScheme })
    for (const query of queries) {
      await page.goto(`${console.sidecar.apiUrl}/${query}`)
      await settled(page)
      expect(await seriousProblems(page), query).toEqual([])
    }
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: /Time range/ }).click()
    await page.getByRole('dialog', { name: 'Time range' }).waitFor()
    expect(await seriousProblems(page), 'the range picker').toEqual([])
    await page.close()
  })

  it('keeps the colours that were chosen', async () => {
    const page = await console.open('', { colorScheme: 'light' })
    const theme = () => page.evaluate('document.documentElement.dataset.theme')
    expect(await theme()).toBe('light')
    await page.getByRole('button', { name: 'Dark colours' }).click()
    expect(await theme()).toBe('dark')
    await page.reload()
    expect(await theme()).toBe('dark')
    await page.close()
  })

  it('fits a phone, without a way to scroll the page sideways', async () => {
    const page = await console.open('', {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
      isMobile: true,
    })
    for (const query of ['', '?view=errors', '?view=groups']) {
      await page.goto(`${console.sidecar.apiUrl}/${query}`)
      await settled(page)
      expect(await page.evaluate('document.documentElement.scrollWidth'), query).toBeLessThanOrEqual(390)
    }
    await page.getByRole('link', { name: 'Errors' }).tap()
    await rows(page).first().tap()
    const drawer = page.getByRole('complementary', { name: 'Event' })
    await drawer.locator('.detail-message').waitFor()
    expect((await drawer.boundingBox())?.width).toBe(390)
    await drawer.getByRole('button', { name: 'Close' }).tap()
    await drawer.waitFor({ state: 'detached' })
    await page.close()
  })

  function range() {
    const toMs = Math.floor(Date.now() / 60_000) * 60_000
    return { fromIso: new Date(toMs - 3_600_000).toISOString(), toIso: new Date(toMs).toISOString() }
  }
})
