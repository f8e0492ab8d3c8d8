import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { tailEvents } from '../../src/api/tail-events.ts'
import { createStoreReader } from '../../src/store/query.ts'
import { eventually } from '../support/eventually.ts'
import type { StringEvent } from '../support/rows.ts'
import { event } from '../support/rows.ts'
import { generateEvents, seeded } from './generate-events.ts'
import { openTestApi, type TestApi } from './open-test-api.ts'

interface Message {
  readonly event: string
  readonly id: string | undefined
  readonly data: Record<string, unknown>
}

interface Tail {
  readonly messages: Message[]
  readonly ended: () => boolean
  close(): void
}

let api: TestApi
let url: string
const open: Tail[] = []
beforeEach(async () => {
  api = await openTestApi({ batchCapacity: 40 })
  await api.app.listen({ port: 0, host: '127.0.0.1' })
  url = `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}/api/v1/upstream-errors/tail`
})
afterEach(async () => {
  for (const tail of open.splice(0)) tail.close()
  await api.close()
})

/** Follows until closed; resolves when the stream has begun. */
async function follow(query = '', lastEventId?: string): Promise<Tail> {
  const hangUp = new AbortController()
  const answer = await fetch(`${url}?${query}`, {
    signal: hangUp.signal,
    headers: lastEventId ? { 'last-event-id': lastEventId } : {},
  })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe('text/event-stream')
  const messages: Message[] = []
  let ended = false
  const read = async () => {
    let text = ''
    for await (const chunk of answer.body ?? []) {
      text += Buffer.from(chunk).toString()
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
        const data = field('data')
        if (data !== undefined)
          messages.push({ event: field('event') ?? '', id: field('id'), data: JSON.parse(data) })
      }
    }
  }
  void read()
    .catch(() => {})
    .finally(() => {
      ended = true
    })
  const tail = { messages, ended: () => ended, close: () => hangUp.abort() }
  open.push(tail)
  return tail
}

const names = (tail: Tail) => tail.messages.map((message) => message.data.request_id)
const some = (name: string, fields: Partial<StringEvent> = {}, ageMs = 0) =>
  event(name, Date.now() - ageMs, { ingested_at: Date.now(), ...fields })

describe('the live tail', () => {
  it('sends what is stored from now on, late events too, and only what the filters let pass', async () => {
    await api.insert([some('old')])
    const all = await follow()
    const anthropic = await follow('platform=anthropic&q=overloaded&fields=request_id,request_body')
    await api.insert([
      some('a'),
      some('b', { platform: 'anthropic', error_message: 'Overloaded', request_body: '{}' }),
    ])
    await api.insert([some('late', {}, 3 * 86_400_000)])
    await eventually(async () => expect(names(all).toSorted()).toEqual(['a', 'b', 'late']))
    await eventually(async () => expect(names(anthropic)).toEqual(['b']))
    expect(anthropic.messages[0]).toMatchObject({ event: 'upstream_error', data: { request_body: '{}' } })
    expect(Object.keys(anthropic.messages[0]?.data ?? {})).toEqual([
      'event_id',
      'created_at',
      'request_id',
      'request_body',
    ])
  })

  it('goes on after Last-Event-ID without a gap and without a repetition, wherever the connection ended', async () => {
    const random = seeded(2)
    const seen: string[] = []
    let lastId: string | undefined
    const first = await follow('fields=event_id')
    const events = generateEvents(800, Date.now() - 60_000, Date.now(), random)
    const batches = Array.from({ length: 8 }, (_, index) => events.slice(index * 100, index * 100 + 100))
    await api.insert(batches[0] ?? [])
    await eventually(async () => expect(first.messages.length).toBe(100))
    let tail = first
    for (const batch of batches.slice(1)) {
      const taken = tail.messages.slice(0, Math.floor(random() * (tail.messages.length + 1)))
      tail.close()
      seen.push(...taken.map((message) => String(message.data.event_id)))
      lastId = taken.at(-1)?.id ?? lastId
      await api.insert(batch)
      tail = lastId === undefined ? await follow('fields=event_id') : await follow('fields=event_id', lastId)
      await eventually(async () => expect(tail.messages.length).toBeGreaterThan(0))
      if (lastId === undefined) throw new Error('the seed should take something at first')
    }
    await eventually(async () => expect(seen.length + tail.messages.length).toBeGreaterThanOrEqual(800))
    await sleep(100)
    seen.push(...tail.messages.map((message) => String(message.data.event_id)))
    expect(seen.length).toBe(800)
    expect(new Set(seen)).toEqual(new Set(events.map((item) => item.event_id)))
  })

  it('tells of a gap when the client was away for more batches than are known', async () => {
    const tail = await follow()
    await api.insert([some('first')])
    await eventually(async () => expect(tail.messages).toHaveLength(1))
    const lastId = tail.messages[0]?.id ?? ''
    tail.close()
    for (let index = 0; index < 41; index++)
      api.storedBatches.publish({
        id: '00000000-0000-4000-8000-000000000000',
        table: 'ops_upstream_error_events',
        columns: [],
        rowCount: 0,
        minCreatedAtMs: 0,
        maxCreatedAtMs: 0,
        bytes: 0,
        chunks: [],
      })
    const again = await follow('', lastId)
    await api.insert([some('after')])
    await eventually(async () =>
      expect(again.messages.map((message) => message.event)).toEqual(['gap', 'upstream_error']),
    )
  })

  it('sends again what may be missing after a restart', async () => {
    const tail = await follow()
    await api.insert([some('seen')])
    await eventually(async () => expect(tail.messages).toHaveLength(1))
    tail.close()
    await api.insert([some('missed'), some('missed too', {}, 600_000)])
    const otherEpoch = (tail.messages[0]?.id ?? '').replace(/^\w+/, '00000000')
    const again = await follow('', otherEpoch)
    await eventually(async () =>
      expect(names(again)).toEqual(expect.arrayContaining(['missed', 'missed too'])),
    )
    expect(again.messages.at(-1)?.id).toBe(otherEpoch)
    await api.insert([some('new')])
    await eventually(async () => expect(names(again).at(-1)).toBe('new'))
    expect(again.messages.at(-1)?.id?.startsWith(api.storedBatches.epoch)).toBe(true)
  })

  it('refuses what is no id, and more clients than it may have', async () => {
    const wrong = await fetch(url, { headers: { 'last-event-id': "1' OR 1=1" } })
    expect(wrong.status).toBe(400)
    expect((await fetch(`${url}?from=now-1h`)).status).toBe(400)
    await Promise.all(Array.from({ length: 32 }, () => follow()))
    const refused = await fetch(url)
    expect(refused.status).toBe(503)
    expect(await refused.json()).toMatchObject({ code: 'overloaded' })
    for (const tail of open) tail.close()
    await eventually(async () => expect((await follow()).ended()).toBe(false))
  })

  it('ends when the API closes', async () => {
    const tail = await follow()
    await api.app.close()
    await eventually(async () => expect(tail.ended()).toBe(true), 2000)
  })

  it('shows that it lives while nothing happens', async () => {
    const reader = createStoreReader(api.store.clients, { timeoutMs: 1000, maxMemoryBytes: 1e8 })
    const stop = new AbortController()
    const text = tailEvents(
      reader.run,
      api.storedBatches,
      { table: 'ops_upstream_error_events', filters: [], columns: [], from: undefined, heartbeatMs: 5 },
      stop.signal,
    )
    expect((await text.next()).value).toMatch(/^retry: \d+\n\n$/)
    expect((await text.next()).value).toBe(': heartbeat\n\n')
    expect((await text.next()).value).toBe(': heartbeat\n\n')
    stop.abort()
    expect((await text.next()).done).toBe(true)
  })
})
