import type { FastifyInstance } from 'fastify'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCheckAccess } from '../../src/access/token.ts'
import { type ApiDocument, docsPage } from '../../src/api/docs-page.ts'
import { buildApi } from '../../src/api/server.ts'
import { createMetrics } from '../../src/metrics/metrics.ts'
import { filterColumns } from '../../src/store/queries/filter-columns.ts'
import { createStoredBatches } from '../../src/store/stored-batches.ts'

let app: FastifyInstance
let document: ApiDocument
beforeAll(async () => {
  app = await buildApi({
    reader: { run: () => Promise.reject(new Error('no store')), writeParquet: async () => {} },
    storedBatches: createStoredBatches(),
    changeGroup: async () => {},
    scratchDirectory: '/nonexistent/export',
    metrics: createMetrics(),
    readiness: async () => ({}),
    version: '1.2.3',
    host: '127.0.0.1',
    checkAccess: createCheckAccess([]),
    log: pino({ level: 'silent' }),
  })
  document = (await app.inject('/api/openapi.json')).json()
})
afterAll(() => app.close())

const base = '/api/v1/upstream-errors'

describe('the OpenAPI document', () => {
  it('has every route, each with a summary, a tag and described parameters', () => {
    expect(Object.keys(document.paths).filter((path) => path.startsWith(base))).toEqual(
      [
        '',
        '/{event_id}',
        '/count',
        '/histogram',
        '/top',
        '/groups',
        ...['state', 'history'].map((last) => `/groups/{fingerprint}/${last}`),
        '/throttling',
        '/export',
        '/tail',
      ].map((path) => `${base}${path}`),
    )
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const operation of Object.values(methods)) {
        expect(operation.summary, path).toBeTruthy()
        expect(operation.tags, path).toHaveLength(1)
        for (const parameter of operation.parameters ?? []) {
          const known = parameter.description ?? parameter.schema?.default ?? parameter.in === 'path'
          if (path.startsWith(base)) expect(known, `${path} ${parameter.name}`).toBeTruthy()
        }
      }
    }
  })

  it('names every filter for every query', () => {
    for (const path of ['', '/count', '/histogram', '/top', '/groups', '/throttling', '/export', '/tail']) {
      const names = document.paths[`${base}${path}`]?.get?.parameters?.map((parameter) => parameter.name)
      expect(names).toEqual(expect.arrayContaining(['q', ...filterColumns.map((column) => column.name)]))
    }
  })
})

describe('the page for people', () => {
  it('shows every route and needs nothing from elsewhere', async () => {
    const answer = await app.inject('/api/docs')
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'")
    for (const [path, methods] of Object.entries(document.paths))
      for (const method of Object.keys(methods))
        expect(answer.payload).toContain(`${method.toUpperCase()} ${path}`)
    expect(answer.payload).toContain('pinned_account_id')
    expect(answer.payload).not.toMatch(/<script|https?:|src=/)
  })

  it('takes no text for HTML', () => {
    const page = docsPage({
      info: { title: '<script>alert(1)</script>', version: '"&' },
      tags: [{ name: 'a' }],
      paths: { '/<img onerror=x>': { get: { tags: ['a'], summary: '<b>' } } },
    })
    expect(page).not.toMatch(/<script|<img|<b>/)
  })
})

describe('a client that hangs up', () => {
  it('ends the queries of its request', async () => {
    let asked: AbortSignal | undefined
    const slow = await buildApi({
      reader: {
        run: (_query, signal) =>
          new Promise((_resolve, reject) => {
            asked = signal
            signal?.addEventListener('abort', () => reject(signal.reason))
          }),
        writeParquet: async () => {},
      },
      storedBatches: createStoredBatches(),
      changeGroup: async () => {},
      scratchDirectory: '/nonexistent/export',
      metrics: createMetrics(),
      readiness: async () => ({}),
      version: 'test',
      host: '127.0.0.1',
      checkAccess: createCheckAccess([]),
      log: pino({ level: 'silent' }),
    })
    const url = await slow.listen({ port: 0, host: '127.0.0.1' })
    for (const path of [
      '',
      '/count',
      '/histogram',
      '/top?dimension=model',
      '/groups',
      '/throttling',
      '/export',
    ]) {
      asked = undefined
      const hangUp = new AbortController()
      const answer = fetch(`${url}${base}${path}`, { signal: hangUp.signal }).catch(() => {})
      await expect.poll(() => asked).toBeDefined()
      expect((asked as AbortSignal | undefined)?.aborted).toBe(false)
      hangUp.abort()
      await answer
      await expect.poll(() => asked?.aborted).toBe(true)
    }
    await slow.close()
  })
})
