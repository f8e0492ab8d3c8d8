import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCheckAccess, createToken } from '../../src/access/token.ts'
import { auditDenied } from '../../src/audit/audit-denied.ts'
import { type AuditEntry, openAuditLog } from '../../src/audit/audit-log.ts'
import { auditedCommand } from '../../src/audit/audited-command.ts'
import { startTestSidecar, type TestSidecar, temporaryDirectory, testConfig } from '../support/sidecar.ts'

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
beforeAll(async () => {
  directory = await temporaryDirectory()
})
afterAll(() => directory.remove())

const linesOf = (path: string): Record<string, unknown>[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

describe('the audit log', () => {
  it('only grows, one line an entry whatever is in it, readable by its owner alone', () => {
    const path = join(directory.path, 'log', 'audit.ndjson')
    for (const token of ['first', 'line\nbreak \u001b[31m', '']) {
      const audit = openAuditLog(path)
      audit.record({ action: 'export', outcome: 'succeeded', token })
      audit.close()
    }
    expect(linesOf(path).map(({ token }) => token)).toEqual(['first', 'line\nbreak \u001b[31m', ''])
    expect(readFileSync(path, 'utf8')).not.toContain('\u001b')
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('keeps a sidecar from starting when it cannot be opened', () => {
    expect(() => openAuditLog(directory.path)).toThrow(/OPS_AUDIT_LOG_FILE: .* EISDIR/)
  })

  it('is no reason for a request to fail when it cannot be written', () => {
    const audit = openAuditLog(join(directory.path, 'closed.ndjson'))
    audit.close()
    expect(() => audit.record({ action: 'stop', outcome: 'succeeded' })).not.toThrow()
  })

  it('notes commands with what came of them', async () => {
    const config = testConfig(join(directory.path, 'commands'))
    await auditedCommand(config, 'rollups rebuild', {}, () => {})
    await expect(
      auditedCommand(config, 'token create', { name: 'dash' }, () => Promise.reject(new Error('no'))),
    ).rejects.toThrow('no')
    expect(linesOf(join(directory.path, 'commands', 'audit.ndjson'))).toMatchObject([
      { action: 'command', command: 'rollups rebuild', outcome: 'succeeded' },
      { action: 'command', command: 'token create', name: 'dash', outcome: 'failed' },
    ])
  })
})

describe('refused tokens', () => {
  it('are noted at once, and a flood of them once a minute with their number', () => {
    const entries: AuditEntry[] = []
    let nowMs = 0
    const { token, entry } = createToken('reader', ['read'])
    const check = auditDenied(
      createCheckAccess([entry]),
      { record: (noted) => entries.push(noted), close: () => {} },
      () => nowMs,
    )
    expect(check(`Bearer ${token}`, 'read', '10.0.0.1').status).toBe('granted')
    for (let i = 0; i < 500; i++) check('Bearer guess', 'read', '10.0.0.1')
    check(`Bearer ${token}`, 'export', '10.0.0.1')
    check('Bearer guess', 'read', '10.0.0.2')
    nowMs = 61_000
    check('Bearer guess', 'read', '10.0.0.1')
    const refused = { action: 'access_denied', outcome: 'refused' }
    expect(entries).toEqual([
      { ...refused, token: '', client: '10.0.0.1', scope: 'read' },
      { ...refused, token: 'reader', client: '10.0.0.1', scope: 'export' },
      { ...refused, token: '', client: '10.0.0.2', scope: 'read' },
      { ...refused, token: '', client: '10.0.0.1', scope: 'read', repeated: 499 },
    ])
    expect(JSON.stringify(entries)).not.toContain('guess')
  })
})

describe('a sidecar', () => {
  const reader = createToken('dashboard', ['read'])
  const exporter = createToken('auditor', ['export'])
  let sidecar: TestSidecar
  let dataDir: string

  beforeAll(async () => {
    dataDir = join(directory.path, 'data')
    const tokensFile = join(directory.path, 'tokens.json')
    writeFileSync(tokensFile, JSON.stringify({ tokens: [reader.entry, exporter.entry] }))
    sidecar = await startTestSidecar(dataDir, { tokensFile, clickhousePassword: 'hunter-2-hunter-2' })
  })

  it('notes starts, exports and refusals, no reading, and never a secret', async () => {
    const get = async (path: string, token: string) => {
      const answer = await fetch(sidecar.apiUrl + path, { headers: { authorization: `Bearer ${token}` } })
      await answer.text()
      return answer.status
    }
    const secret = `sk-proj-${'a1B2'.repeat(10)}`
    expect(await get('/api/v1/upstream-errors', reader.token)).toBe(200)
    expect(await get(`/api/v1/upstream-errors/export?format=csv&q=${secret}`, exporter.token)).toBe(200)
    expect(await get('/api/v1/upstream-errors/export?format=xls', exporter.token)).toBe(400)
    expect(await get('/api/v1/upstream-errors/export', reader.token)).toBe(403)
    const refused = await fetch(`${sidecar.otlpUrl}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer guess' },
      body: '{}',
    })
    expect(refused.status).toBe(401)
    await sidecar.stop()

    const route = '/api/v1/upstream-errors/export'
    const text = readFileSync(join(dataDir, 'audit.ndjson'), 'utf8')
    expect(linesOf(join(dataDir, 'audit.ndjson'))).toMatchObject([
      {
        action: 'start',
        outcome: 'succeeded',
        settings: { OPS_CLICKHOUSE_PASSWORD: '[set]', OPS_API_PORT: 0 },
      },
      {
        action: 'export',
        outcome: 'succeeded',
        token: 'auditor',
        client: '127.0.0.1',
        method: 'GET',
        route,
        status: 200,
      },
      { action: 'export', outcome: 'refused', token: 'auditor', status: 400, query: 'format=xls' },
      { action: 'access_denied', token: 'dashboard', scope: 'export', client: '127.0.0.1' },
      { action: 'access_denied', token: '', scope: 'ingest' },
      { action: 'stop' },
    ])
    for (const hidden of [secret, 'hunter-2', 'guess', exporter.token, reader.token])
      expect(text).not.toContain(hidden)
  })
})
