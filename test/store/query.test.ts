import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createStoreReader, type StoreReader } from '../../src/store/query.ts'
import { queryClasses } from '../../src/store/reader-pool.ts'
import { eventually } from '../support/eventually.ts'
import { openTestStore, type TestStore } from '../support/store.ts'

let store: TestStore
let reader: StoreReader
beforeAll(async () => {
  store = await openTestStore()
  reader = createStoreReader(store.clients, { timeoutMs: 20_000, maxMemoryBytes: 200e6 })
})
afterAll(() => store.close())

const oneRow = { max_block_size: 1 }
/** Answers a row every 100 ms. */
const slow = (rows: number, mark = '') => ({
  sql: `SELECT number, sleepEachRow(0.1), {mark:String} AS mark FROM numbers({rows:UInt32})`,
  params: { rows, mark },
  settings: oneRow,
})
const running = async (mark: string) =>
  (
    await store.rows<{ n: number }>(
      `SELECT count() AS n FROM system.processes WHERE query LIKE '%sleepEachRow%${mark}%' AND query NOT LIKE '%system.processes%'`,
    )
  )[0]?.n

describe('parameters', () => {
  it('come back as the value that they were, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary' }),
        fc.array(fc.string({ unit: fc.constantFrom("'", '\\', '\0', '\n', '{', '}', '`', '"', 'x', 'é') })),
        fc.maxSafeInteger(),
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        fc.uuid(),
        async (text, texts, integer, big, uuid) => {
          const { rows } = await reader.run({
            sql: `SELECT {text:String} AS text, {texts:Array(String)} AS texts, {integer:Int64} AS integer,
              toString({big:UInt64}) AS big, {uuid:UUID} AS uuid`,
            params: { text, texts, integer, big: big.toString(), uuid },
            class: 'point',
          })
          expect(rows).toEqual([{ text, texts, integer, big: big.toString(), uuid }])
        },
      ),
      { numRuns: 80 },
    )
  })

  it.each([
    ['{x:UInt32}', '1 OR 1=1'],
    ['{x:UInt32}', 1.5],
    ['{x:Int64}', Number.NaN],
    ['{x:String}', 7],
    ['{x:Array(String)}', 'a'],
    ['{x:Array(UInt16)}', ['1', '2)']],
    ['{x:Identifier}', 'events'],
    ['{missing:String}', ''],
    ['{constructor:String}', ''],
  ])('of another type than declared are no query: %s %j', async (sql, x) => {
    await expect(reader.run({ sql: `SELECT ${sql}`, params: { x } })).rejects.toThrow()
  })
})

describe('a slow query', () => {
  it('does not hold up the newest events, nor filtered lists, nor the writer', async () => {
    let ended = 0
    const runSlow = (queryClass: 'analysis' | 'export' | 'list') =>
      reader.run({ ...slow(15), class: queryClass }).finally(() => ended++)
    const slowOnes = [...[1, 2, 3].map(() => runSlow('analysis')), runSlow('export')]
    await sleep(200)
    await reader.run({ sql: 'SELECT {x:String}', params: { x: 'a' }, class: 'list' })
    await reader.run({ sql: 'SELECT {x:String}', params: { x: 'a' }, class: 'point' })
    await store.rows('SELECT 1')
    slowOnes.push(...[1, 2, 3].map(() => runSlow('list')))
    await sleep(50)
    await reader.run({ sql: 'SELECT {x:String}', params: { x: 'a' }, class: 'point' })
    expect(ended).toBe(0)
    await Promise.all(slowOnes)
  })

  it('ends in the engine when its caller hangs up, and its reader serves the next one', async () => {
    const hangUp = new AbortController()
    const abandoned = reader.run({ ...slow(100, 'abandoned'), class: 'analysis' }, hangUp.signal)
    await eventually(async () => expect(await running('abandoned')).toBe(1))
    hangUp.abort(new Error('gone'))
    await expect(abandoned).rejects.toThrow('gone')
    expect(await running('abandoned')).toBe(0)
    const next = await reader.run<{ x: number }>({ sql: 'SELECT 1 AS x', params: {}, class: 'analysis' })
    expect(next.rows).toEqual([{ x: 1 }])
  })

  it('leaves the line when its caller hangs up while waiting', async () => {
    const first = Promise.all([1, 2].map(() => reader.run({ ...slow(5), class: 'analysis' })))
    const hangUp = new AbortController()
    const waiting = reader.run({ ...slow(100, 'waiting'), class: 'analysis' }, hangUp.signal)
    hangUp.abort(new Error('gone'))
    await expect(waiting).rejects.toThrow('gone')
    await first
    expect(await running('waiting')).toBe(0)
    await expect(reader.run(slow(100), AbortSignal.abort(new Error('gone before')))).rejects.toThrow(
      'gone before',
    )
  })

  it('does not begin when its caller hangs up just as it gets a reader', async () => {
    const hangUp = new AbortController()
    const abandoned = reader.run({ ...slow(100, 'just begun'), class: 'analysis' }, hangUp.signal)
    hangUp.abort(new Error('gone'))
    await expect(abandoned).rejects.toThrow('gone')
    expect(await running('just begun')).toBe(0)
  })

  it('is ended by the time limit, and one that is too large by the memory limit', async () => {
    const strict = createStoreReader(store.clients, { timeoutMs: 300, maxMemoryBytes: 20e6 })
    await expect(strict.run(slow(100))).rejects.toMatchObject({ code: 'query_timeout', status: 504 })
    const huge = { sql: 'SELECT arraySort(groupArray(rand64(number))) FROM numbers(20000000)', params: {} }
    await expect(strict.run(huge)).rejects.toMatchObject({ code: 'query_too_large', status: 422 })
  })

  it('is to be repeated when not its own memory but that of the whole store is used up', async () => {
    const generous = createStoreReader(store.clients, { timeoutMs: 60_000, maxMemoryBytes: 2 ** 40 })
    const distinct = { sql: 'SELECT uniqExact(number) FROM numbers(200000000)', params: {} }
    await expect(generous.run(distinct)).rejects.toMatchObject({ code: 'overloaded', status: 503 })
  })
})

describe('while the store is behind with what comes in', () => {
  it('refuses exports first, then analyses, and never what shows the newest errors', async () => {
    let pressure = 0
    const pressed = createStoreReader(store.clients, {
      timeoutMs: 20_000,
      maxMemoryBytes: 200e6,
      pressure: () => pressure,
    })
    const refused = async () => {
      const results = await Promise.allSettled(
        queryClasses.map((queryClass) => pressed.run({ sql: 'SELECT 1', params: {}, class: queryClass })),
      )
      return queryClasses.filter((_queryClass, index) => results[index]?.status === 'rejected')
    }
    expect(await refused()).toEqual([])
    pressure = 0.55
    expect(await refused()).toEqual(['export'])
    pressure = 0.99
    expect(await refused()).toEqual(['analysis', 'export'])
    await expect(pressed.run({ sql: 'SELECT 1', params: {}, class: 'export' })).rejects.toMatchObject({
      code: 'overloaded',
      status: 503,
    })
  })
})

describe('a failed query', () => {
  it('leaves none of its rows in the answer of the next one', async () => {
    const strict = createStoreReader(store.clients, { timeoutMs: 400, maxMemoryBytes: 200e6 })
    for (let round = 0; round < 3; round++) {
      await expect(strict.run({ ...slow(100), class: 'export' })).rejects.toMatchObject({
        code: 'query_timeout',
      })
      const failing = {
        sql: 'SELECT number, throwIf(number = 5) FROM numbers(60)',
        params: {},
        settings: oneRow,
      }
      await expect(strict.run(failing)).rejects.toMatchObject({ code: 'internal' })
      for (let next = 0; next < 4; next++) {
        const { rows } = await strict.run({ sql: 'SELECT 42 AS answer', params: {} })
        expect(rows).toEqual([{ answer: 42 }])
      }
    }
  })
})

describe('two thousand readers at once', () => {
  it('are answered or told to come back, at most four at a time', async () => {
    // All that wait in line get their turn, however slow the machine is.
    const patient = createStoreReader(store.clients, { timeoutMs: 50_000, maxMemoryBytes: 200e6 })
    let most = 0
    let isOver = false
    const watch = async (): Promise<void> => {
      while (!isOver) {
        const [row] = await store.rows<{ n: number }>(
          `SELECT count() AS n FROM system.processes WHERE query LIKE '/* ops-query%'`,
        )
        most = Math.max(most, row?.n ?? 0)
        await sleep(5)
      }
    }
    const watching = watch()
    const answers = await Promise.allSettled(
      Array.from({ length: 2000 }, (_, index) =>
        patient.run<{ i: number }>({ sql: 'SELECT {i:UInt32} AS i', params: { i: index } }),
      ),
    )
    isOver = true
    await watching
    const outcomes = answers.map((answer, index) => {
      if (answer.status === 'fulfilled') return answer.value.rows[0]?.i === index ? 'answered' : 'wrong'
      return (answer.reason as { code?: string }).code
    })
    expect(new Set(outcomes)).toEqual(new Set(['answered', 'overloaded']))
    expect(outcomes.filter((outcome) => outcome === 'answered').length).toBeGreaterThanOrEqual(1024)
    expect(most).toBeGreaterThan(0)
    expect(most).toBeLessThanOrEqual(4)
  })
})
