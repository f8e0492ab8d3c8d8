import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generateEvents, seeded } from '../api/generate-events.ts'
import { openTestApi, type TestApi } from '../api/open-test-api.ts'
import { event } from '../support/rows.ts'

const docs = readFileSync(new URL('../../docs/queries.md', import.meta.url), 'utf8')

interface Example {
  readonly command: string
  /** The block that follows. */
  readonly form: string
  readonly answer: string
}

/** Every block of commands, with the answer when one follows. */
const examples: Example[] = [...docs.matchAll(/```sh\n([\s\S]*?)```\n(?:```(\w+)\n([\s\S]*?)```)?/g)].map(
  ([, command = '', form = 'none', answer = '']) => ({ command: command.trim(), form, answer }),
)

let api: TestApi
let port: number
let eventId: string

beforeAll(async () => {
  api = await openTestApi()
  const now = Date.now()
  const minuteMs = 60_000
  const events = generateEvents(400, now - 100 * minuteMs, now - 1000, seeded(3))
  const shown = {
    status_code: 529,
    platform: 'anthropic',
    error_message: 'Overloaded',
    latency_ms: 900,
    retry_after_ms: 2000,
    account_id: '7',
    response_headers: '{"retry-after":"2"}',
  }
  const attempts = [0, 1].map((attempt) =>
    event(`attempt ${attempt}`, now - 2 * minuteMs + attempt, { ...shown, attempt, request_id: 'req_uk' }),
  )
  const group = event('of the group', now - 3 * minuteMs, { fingerprint: 0x5d41402abc4b2a76n })
  await api.insert([...events, group, ...attempts])
  await api.store.clients.writer.command({
    query: `INSERT INTO ops_error_logs (event_id, created_at, request_id, status_code, message)
      VALUES ('${requestErrorId}', now64(3), 'req_uk', 503, 'All upstream accounts are overloaded')`,
  })
  eventId = attempts[0]?.event_id ?? ''
  await api.app.listen({ port: 0, host: '127.0.0.1' })
  port = (api.app.server.address() as AddressInfo).port
})
afterAll(() => api.close())

/** The one that the documentation shows. */
const requestErrorId = '0a3d6f0e-52a1-4d8c-9c55-3f5a8f0c7b21'
const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g

/** As it is written, but for this test's port, an event that is there, and where it may write. */
async function sh(command: string, timeout?: number): Promise<string> {
  const here = command
    .replaceAll('127.0.0.1:4380', `127.0.0.1:${port}`)
    .replaceAll(uuid, (id) => (id === requestErrorId ? id : eventId))
  const options = { cwd: api.store.directory, maxBuffer: 2 ** 26, ...(timeout ? { timeout } : {}) }
  try {
    return (await promisify(execFile)('bash', ['-c', `exec ${here}`], options)).stdout
  } catch (error) {
    if (timeout !== undefined && (error as { killed?: boolean }).killed)
      return (error as { stdout: string }).stdout
    throw error
  }
}

/** Keys are data here, depend on what the provider sent, or are cut short in the documentation. */
const free = /_headers$|^attributes$|^counts$|^sample$|^error$|^attempts$/

/** The keys of an answer, all the way down; of lists, those of the first item. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])]
  if (value === null || typeof value !== 'object') return 'value'
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, free.test(key) ? 'free' : shapeOf(item)]),
  )
}

const headerNames = (text: string) =>
  [...text.matchAll(/^([\w-]+): /gm)].map(([, name]) => name?.toLowerCase()).sort()

describe('docs/queries.md', () => {
  it('shows every query of the API', () => {
    for (const path of ['', '/count', '/histogram', '/top', '/groups', '/throttling', '/export', '/tail'])
      expect(docs).toContain(`127.0.0.1:4380/api/v1/upstream-errors${path}`)
    for (const path of ['/api/v1/errors', '/api/v1/requests/'])
      expect(docs).toContain(`127.0.0.1:4380${path}`)
  })

  const asked = examples.filter(({ command }) => !command.includes('/tail'))
  it.each(asked)('$command', async ({ command, form, answer }) => {
    const text = await sh(command)
    switch (form) {
      case 'none':
        if (!command.includes(' -o ') && !command.includes('>>')) expect(text).not.toContain('"code":')
        break
      case 'json':
        expect(shapeOf(JSON.parse(text))).toEqual(shapeOf(JSON.parse(answer)))
        break
      case 'text':
      case 'http':
        if (answer.startsWith('HTTP')) {
          expect(text).toMatch(/^HTTP\/1\.1 200 OK/)
          expect(headerNames(text)).toEqual(expect.arrayContaining(headerNames(answer)))
          break
        }
        expect(text.split('\n')).toHaveLength(answer.split('\n').length)
        break
    }
  })

  it('shows how to follow', async () => {
    const example = examples.find(({ command }) => command.includes('/tail'))
    const following = sh(example?.command ?? '', 3000)
    await sleep(1000)
    await api.insert([event('followed', Date.now(), { platform: 'openai', account_id: '11' })])
    const text = await following
    const fields = (shown: string) => [...shown.matchAll(/^(\w+):/gm)].map(([, name]) => name)
    expect(fields(text)).toEqual(fields(example?.answer ?? ''))
    const data = (shown: string) => Object.keys(JSON.parse(/^data: (.*)$/m.exec(shown)?.[1] ?? '{}'))
    expect(data(text)).toEqual(data(example?.answer ?? ''))
  })
})
