import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { json } from '../support/json.ts'
import { post, span, traceExport } from '../support/otlp.ts'
import { chromiumIsThere } from './support/chromium.ts'
import { openTestConsole, type TestConsole } from './support/open-console.ts'
import { settled } from './support/settled.ts'

const hostile = [
  '<img src=x onerror="globalThis.hacked=1">',
  '"><script>globalThis.hacked=1</script>',
  "javascript:globalThis.hacked=1//'",
  '<svg/onload=globalThis.hacked=1>',
  '{{constructor.constructor("globalThis.hacked=1")()}}',
  '\u202Eexe.txt\u0000\u0007 \uD800 lone',
] as const

describe.runIf(chromiumIsThere())('text that events bring along', () => {
  let console: TestConsole
  beforeAll(async () => {
    console = await openTestConsole({ traceUrlTemplate: 'http://traces.example/{trace_id}' })
  })
  afterAll(() => console.close())

  it('stays text in every field of every view', async () => {
    const spans = hostile.map((text, index) => {
      const attributes = {
        'gen_ai.provider.name': text,
        'gen_ai.request.model': text,
        'gen_ai.response.model': text,
        'gen_ai.operation.name': text,
        'http.response.status_code': 429,
        'ops.request.id': `${index}${text}`,
        'ops.client_request.id': text,
        'ops.account.id': text,
        'ops.account.name': text,
        'ops.group.id': text,
        'ops.api_key.id': text,
        'user.id': text,
        'ops.upstream.error.code': text,
        'error.type': text,
        'exception.message': text,
        'server.address': text,
        'url.path': `/${text}`,
        'client.address': text,
        'user_agent.original': text,
        'ops.request.path': `/${text}`,
        'http.request.header.x-evil': text,
        'http.response.header.x-evil': text,
        'http.response.header.retry-after': '600',
        'http.request.body.content': `{"a":${JSON.stringify(text)}}`,
        'http.response.body.content': text,
        [`evil.${text}`]: text,
      }
      return span({ traceId: randomBytes(16).toString('hex'), events: [{ attributes }] })
    })
    const resource = { 'service.name': hostile[0], 'deployment.environment.name': hostile[1] }
    const answer = await post(`${console.sidecar.otlpUrl}/v1/traces`, traceExport(spans, resource))
    expect(answer.status).toBe(200)
    const events = await eventually(async () => {
      const list = await json<{ events: { event_id: string; model: string }[] }>(
        fetch(`${console.sidecar.apiUrl}/api/v1/upstream-errors`),
      )
      expect(list.events).toHaveLength(hostile.length)
      return list.events
    })
    const columns = 'created_at,platform,model,account_id,error_message,error_code,user_agent,request_id'
    const page = await console.open()
    const queries = [
      '',
      '?split=model',
      '?view=groups',
      `?view=errors&columns=${columns}`,
      ...events.map((event) => `?view=errors&event=${event.event_id}`),
      `?view=errors&model=${encodeURIComponent(hostile[0])}&q=${encodeURIComponent(hostile[1])}`,
    ]
    for (const query of queries) {
      await page.goto(`${console.sidecar.apiUrl}/${query}`)
      await settled(page)
      expect(await page.evaluate('globalThis.hacked'), query).toBeUndefined()
      expect(await page.locator('img, iframe, script:not([src]), [onerror], [onload]').count(), query).toBe(0)
      expect(await page.locator('a[href^="javascript:"]').count(), query).toBe(0)
    }
    // And it is there to be read.
    await page.goto(`${console.sidecar.apiUrl}/?view=errors&columns=created_at,model`)
    await settled(page)
    expect(await page.locator('.event-row .cell-model').allTextContents()).toContain(hostile[0])
    // A completion with such a value filters by it.
    await page.keyboard.press('/')
    await page.keyboard.type('model:onerror')
    await page.getByRole('option').filter({ hasText: 'onerror' }).first().waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await eventually(async () => expect(await page.locator('.event-row').count()).toBe(1))
    expect(await page.evaluate('globalThis.hacked')).toBeUndefined()
    await page.close()
  })
})
