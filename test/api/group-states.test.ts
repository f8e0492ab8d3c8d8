import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { event } from '../support/rows.ts'
import { openTestApi, type TestApi } from './open-test-api.ts'

const nowMs = Date.now()
const minuteMs = 60_000
let api: TestApi
let count = 0

beforeAll(async () => {
  api = await openTestApi()
})
afterAll(() => api.close())

const hex = (fingerprint: bigint) => fingerprint.toString(16).padStart(16, '0')

/** Stores an event of a group of its own, and returns the group. */
async function newGroup(createdAtMs = nowMs - minuteMs): Promise<{ fingerprint: bigint; path: string }> {
  const fingerprint = 0xabcd000000000000n + BigInt(++count)
  await again(fingerprint, createdAtMs)
  return { fingerprint, path: `/api/v1/upstream-errors/groups/${hex(fingerprint)}` }
}

function again(fingerprint: bigint, createdAtMs = Date.now() + 1): Promise<void> {
  return api.insert([event(`group-${fingerprint}-${++count}`, createdAtMs, { fingerprint })])
}

async function change(path: string, body: object) {
  const answer = await api.app.inject({ method: 'PUT', url: `${path}/state`, payload: body })
  return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() }
}

const historyOf = async (path: string) =>
  (await api.app.inject(`${path}/history`)).json<Record<string, unknown>>()

interface Group {
  readonly fingerprint: string
  readonly count: number
  readonly state: string
  readonly state_change: Record<string, unknown> | null
}
async function groups(query = ''): Promise<Group[]> {
  const { body, status } = await api.get<{ groups: Group[] }>(`/groups?n=100&from=now-2d&to=now%2B1h${query}`)
  expect(status).toBe(200)
  return body.groups
}
const inState = async (query: string, fingerprint: bigint) =>
  (await groups(query)).some((group) => group.fingerprint === hex(fingerprint))

describe('the state of a group', () => {
  it('is open until somebody decides otherwise', async () => {
    const { fingerprint, path } = await newGroup()
    expect(await historyOf(path)).toEqual({
      fingerprint: hex(fingerprint),
      state: 'open',
      state_change: null,
      history: [],
    })
    expect((await groups()).find((group) => group.fingerprint === hex(fingerprint))).toMatchObject({
      state: 'open',
      state_change: null,
    })
  })

  it('is resolved until the group is seen again', async () => {
    const { fingerprint, path } = await newGroup()
    expect(await change(path, { state: 'resolved', reason: 'quota raised' })).toMatchObject({
      status: 200,
      body: {
        fingerprint: hex(fingerprint),
        state: 'resolved',
        state_change: { changed_by: null, reason: 'quota raised', muted_until: null },
      },
    })
    expect([
      await inState('&state=resolved', fingerprint),
      await inState('&state=open', fingerprint),
    ]).toEqual([true, false])
    // One from before that arrives late is none that came back.
    await again(fingerprint, nowMs - 2 * minuteMs)
    expect(await historyOf(path)).toMatchObject({ state: 'resolved' })
    await again(fingerprint)
    expect(await historyOf(path)).toMatchObject({
      state: 'reopened',
      state_change: { reason: 'quota raised' },
    })
    for (const [query, expected] of [
      ['&state=resolved', false],
      ['&state=open', true],
      ['&state=reopened', true],
      ['&state=muted', false],
      ['', true],
    ] as const)
      expect([query, await inState(query, fingerprint)]).toEqual([query, expected])
  })

  it('is reopened by an event hours later, whatever the range of the question', async () => {
    const { fingerprint, path } = await newGroup(nowMs - 30 * 3_600_000)
    await api.store.clients.writer.command({
      query: `INSERT INTO ops_error_group_states SELECT ${fingerprint}, now64(3) - INTERVAL 20 HOUR,
        generateUUIDv4(), 'resolved', fromUnixTimestamp64Milli(toInt64(0)), 'someone', ''`,
    })
    expect(await historyOf(path)).toMatchObject({
      state: 'resolved',
      state_change: { changed_by: 'someone' },
    })
    await again(fingerprint, nowMs - 3 * 3_600_000)
    expect(await historyOf(path)).toMatchObject({ state: 'reopened' })
    const { body } = await api.get<{ groups: Group[] }>(
      `/groups?n=100&from=now-31h&to=now-29h&fingerprint=${hex(fingerprint)}`,
    )
    expect(body.groups).toMatchObject([{ count: 1, state: 'reopened' }])
  })

  it('is muted until its time, whatever comes', async () => {
    const { fingerprint, path } = await newGroup()
    expect(await change(path, { state: 'muted', muted_until: 'now+1h' })).toMatchObject({
      body: { state: 'muted' },
    })
    await again(fingerprint)
    expect(await inState('&state=muted', fingerprint)).toBe(true)
    expect(await inState('&state=open', fingerprint)).toBe(false)
    const soon = new Date(Date.now() + 300).toISOString()
    expect(await change(path, { state: 'muted', muted_until: soon })).toMatchObject({
      body: { state: 'muted', state_change: { muted_until: soon } },
    })
    await new Promise((resolve) => setTimeout(resolve, 350))
    expect(await historyOf(path)).toMatchObject({ state: 'open', state_change: { muted_until: soon } })
  })

  it('keeps every change, newest first', async () => {
    const { path } = await newGroup()
    await change(path, { state: 'resolved', reason: 'one' })
    await change(path, { state: 'muted', muted_until: 'now+1d', reason: 'two' })
    await change(path, { state: 'open', reason: "it's \\three' {reason:String}" })
    const { state, history } = await historyOf(path)
    expect(state).toBe('open')
    expect(history).toMatchObject([
      { state: 'open', reason: "it's \\three' {reason:String}" },
      { state: 'muted', reason: 'two', muted_until: expect.any(String) },
      { state: 'resolved', reason: 'one', changed_by: null },
    ])
  })

  it.each([
    [{ state: 'closed' }, 'state'],
    [{ state: 'muted' }, 'muted_until'],
    [{ state: 'muted', muted_until: 'now-1h' }, 'muted_until'],
    [{ state: 'muted', muted_until: 'tomorrow' }, 'muted_until'],
    [{ state: 'resolved', muted_until: 'now+1h' }, 'muted_until'],
    [{ state: 'open', by: 'me' }, 'by'],
  ])('is not changed by %j', async (body, parameter) => {
    const { path } = await newGroup()
    expect(await change(path, body)).toMatchObject({ status: 400, body: { parameter } })
    expect(await historyOf(path)).toMatchObject({ history: [] })
  })

  it('is not kept for a group that never was', async () => {
    expect(
      await change('/api/v1/upstream-errors/groups/00000000000000ff', { state: 'resolved' }),
    ).toMatchObject({
      status: 404,
    })
  })
})

describe('groups by state', () => {
  it('take other filters too, the fingerprint among them', async () => {
    const [one, two, three] = [await newGroup(), await newGroup(), await newGroup()]
    await change(one.path, { state: 'resolved' })
    await change(two.path, { state: 'muted', muted_until: 'now+1h' })
    const of = (...list: { fingerprint: bigint }[]) =>
      list.map(({ fingerprint }) => `&fingerprint=${hex(fingerprint)}`).join('')
    const found = async (query: string) => (await groups(query)).map((group) => group.fingerprint).sort()
    expect(await found(`&state=resolved&state=muted${of(one, two, three)}`)).toEqual(
      [one, two].map(({ fingerprint }) => hex(fingerprint)),
    )
    expect(await found(`&state=open${of(one, two, three)}`)).toEqual([hex(three.fingerprint)])
    expect(await found(`&state=open&state=muted${of(one, two)}`)).toEqual([hex(two.fingerprint)])
    expect(await found(`&state=resolved${of(three)}`)).toEqual([])
    expect(await found('&state=resolved&platform=nobody')).toEqual([])
    expect(await found(`&state=open&fingerprint=!${hex(three.fingerprint)}`)).not.toContain(
      hex(three.fingerprint),
    )
    expect((await api.get('/groups?state=closed')).status).toBe(400)
  })
})
