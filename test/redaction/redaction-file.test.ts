import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RedactionConfig, readRedactionSettings } from '../../src/redaction/read-redaction-file.ts'
import { createConfiguredRedactor } from '../../src/redaction/redaction-settings.ts'
import { eventually } from '../support/eventually.ts'
import { json } from '../support/json.ts'
import { traceRequestBytes } from '../support/otlp-protobuf.ts'
import { startTestSidecar, temporaryDirectory } from '../support/sidecar.ts'

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
beforeAll(async () => {
  directory = await temporaryDirectory()
})
afterAll(() => directory.remove())

function write(name: string, content: unknown): string {
  const path = join(directory.path, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

const config = (changes: Partial<RedactionConfig> = {}): RedactionConfig => ({
  redactionFile: '',
  redactionHmacKeyFile: '',
  bodyMode: 'redact',
  ...changes,
})
const withFile = (content: unknown) => config({ redactionFile: write('redaction.json', content) })
const employee = { id: 'employee', pattern: 'EMP-(\\d{6})', catches: ['of EMP-123456'], leaves: ['EMP-12'] }

describe('the settings of redaction', () => {
  it('add rules of the operator to the built-in ones', () => {
    const redactor = createConfiguredRedactor(readRedactionSettings(withFile({ rules: [employee] })))
    expect(redactor.text('by EMP-123456, me@example.com')).toBe(
      'by EMP-[REDACTED:employee], [REDACTED:email]',
    )
  })

  it('set what becomes of bodies, in all and by platform', () => {
    const settings = readRedactionSettings({
      ...withFile({ bodies: { OpenAI: 'keep', gemini: 'hash' } }),
      bodyMode: 'drop',
      redactionHmacKeyFile: write('key', 'a key of some length\n'),
    })
    const redactor = createConfiguredRedactor(settings)
    const body = '{"user":"me@example.com"}'
    expect(redactor.body(body, 'anthropic')).toBe('')
    expect(redactor.body(body, 'openai')).toBe(body)
    expect(redactor.body(body, 'gemini')).toMatch(/^\[REDACTED:body:[0-9a-f]{12}\]$/)
  })

  it('let equal secrets be told by a keyed hash', () => {
    const hashed = (key: string) =>
      createConfiguredRedactor(
        readRedactionSettings(config({ redactionHmacKeyFile: write('key', key) })),
      ).text('me@example.com, you@example.com, me@example.com')
    const [first, second, third] = hashed('a key of some length').split(', ')
    expect(first).toMatch(/^\[REDACTED:email:[0-9a-f]{12}\]$/)
    expect([third, second === first]).toEqual([first, false])
    expect(hashed('another key of length')).not.toContain(first)
  })

  it.each([
    ['a pattern that RE2 does not know', { rules: [{ id: 'x', pattern: '(?=a)' }] }, /rule "x"/],
    [
      'an example that is not caught',
      { rules: [{ ...employee, catches: ['nothing'] }] },
      /"employee" does not catch catches\[0\]/,
    ],
    [
      'an example that is caught wrongly',
      { rules: [{ ...employee, leaves: ['EMP-123456'] }] },
      /finds something in leaves\[0\]/,
    ],
    ['a rule of a built-in name', { rules: [{ id: 'email', pattern: 'a' }] }, /two redaction rules "email"/],
    ['an unknown mode', { bodies: { openai: 'burn' } }, /\/bodies\/openai/],
    ['a hash without a key', { bodies: { openai: 'hash' } }, /needs a key/],
    ['an unknown rule that is switched off', { disabled_rules: ['nothing'] }, /no redaction rule "nothing"/],
    ['a misspelled member', { rulez: [] }, /redaction.json: /],
    ['something else than JSON', 'rules:', /is not JSON/],
  ])('keep a sidecar from starting with %s, and say where', (_, content, message) => {
    expect(() => readRedactionSettings(withFile(content))).toThrow(message)
  })

  it('take no short key and no missing file', () => {
    expect(() => readRedactionSettings(config({ redactionHmacKeyFile: write('key', 'short') }))).toThrow(
      /at least 16/,
    )
    expect(() => readRedactionSettings(config({ redactionFile: '/nowhere.json' }))).toThrow(/ENOENT/)
  })
})

describe('a sidecar with rules of its own', () => {
  it.each([0, 1])('stores what they leave, also with %d decoding threads', async (collectorWorkers) => {
    const sidecar = await startTestSidecar(join(directory.path, `data-${collectorWorkers}`), {
      collectorWorkers,
      redactionFile: write('redaction.json', { rules: [employee], bodies: { openai: 'drop' } }),
    })
    try {
      const body = traceRequestBytes({
        'ops.request.id': 'req-1',
        'gen_ai.provider.name': 'openai',
        'http.response.status_code': 503,
        'exception.message': 'refused for EMP-123456',
        'http.response.body.content': '{"for":"EMP-123456"}',
      })
      const sent = await fetch(`${sidecar.otlpUrl}/v1/traces`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-protobuf' },
        body: Buffer.from(body),
      })
      expect(sent.status).toBe(200)
      await eventually(async () => {
        const { events } = await json<{ events: unknown[] }>(
          fetch(
            `${sidecar.apiUrl}/api/v1/upstream-errors?request_id=req-1&fields=error_message,response_body`,
          ),
        )
        expect(events).toMatchObject([{ response_body: null }])
        expect(JSON.stringify(events)).not.toContain('123456')
      })
    } finally {
      await sidecar.stop()
    }
  })
})
