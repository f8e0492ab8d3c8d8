import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { checkBinding, isLoopback } from '../../src/access/check-binding.ts'
import { readTokens } from '../../src/access/read-tokens.ts'
import { createCheckAccess, createToken } from '../../src/access/token.ts'
import { post } from '../support/otlp.ts'
import { startTestSidecar, temporaryDirectory } from '../support/sidecar.ts'

const directory = await temporaryDirectory()
afterAll(() => directory.remove())

function tokensFile(content: unknown): string {
  const path = join(directory.path, 'tokens.json')
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

describe('tokens', () => {
  const gateway = createToken('gateway', ['ingest'])
  const operator = createToken('operator', ['read', 'export'])
  const root = createToken('root', ['admin'])
  const check = createCheckAccess([gateway.entry, operator.entry, root.entry])

  it('are kept as hashes only', () => {
    expect(gateway.token).toMatch(/^ops_[\w-]{43}$/)
    expect(JSON.stringify(gateway.entry)).not.toContain(gateway.token.slice(4))
  })

  it('grant their own scopes, and admin all of them', () => {
    expect(check(`Bearer ${gateway.token}`, 'ingest')).toEqual({ status: 'granted', name: 'gateway' })
    expect(check(`bearer ${operator.token}`, 'export')).toEqual({ status: 'granted', name: 'operator' })
    expect(check(`Bearer ${gateway.token}`, 'read')).toEqual({ status: 'forbidden', name: 'gateway' })
    for (const scope of ['ingest', 'read', 'export', 'retry', 'admin'] as const) {
      expect(check(`Bearer ${root.token}`, scope).status).toBe('granted')
    }
  })

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'Bearer x',
    `Basic ${gateway.token}`,
    `Bearer ${gateway.token}x`,
    gateway.token,
  ])('are not what %j is', (authorization) => {
    expect(check(authorization, 'ingest')).toEqual({ status: 'unauthenticated' })
  })

  it('grant everything while there are none', () => {
    expect(createCheckAccess([])(undefined, 'admin').status).toBe('granted')
  })

  it('are read from a file whose mistakes are named, without its content', () => {
    expect(readTokens(tokensFile({ tokens: [gateway.entry] }))).toEqual([gateway.entry])
    expect(readTokens('')).toEqual([])
    expect(() => readTokens(join(directory.path, 'absent'))).toThrow('ENOENT')
    expect(() => readTokens(tokensFile('{secret'))).toThrow('it is not JSON')
    expect(() => readTokens(tokensFile({ tokens: [{ ...gateway.entry, sha256: 'plain-secret' }] }))).toThrow(
      '/tokens/0/sha256',
    )
    expect(() =>
      readTokens(tokensFile({ tokens: [{ ...gateway.entry, sha256: 'plain-secret' }] })),
    ).not.toThrow('plain-secret')
    expect(() => readTokens(tokensFile({ tokens: [{ ...gateway.entry, scopes: ['all'] }] }))).toThrow(
      '/tokens/0/scopes',
    )
  })
})

describe('binding beyond loopback', () => {
  it.each(['127.0.0.1', '127.8.8.8', '::1', 'localhost'])('knows %s as loopback', (host) => {
    expect(isLoopback(host)).toBe(true)
  })

  it.each(['0.0.0.0', '::', '', '10.0.0.1', '127.evil.example', 'host.example'])(
    'needs tokens for %j',
    (host) => {
      const config = { otlpHost: '127.0.0.1', apiHost: host, tokensFile: '' }
      expect(() => checkBinding(config)).toThrow(
        expect.objectContaining({ code: 'invalid_config', message: expect.stringContaining('OPS_API_HOST') }),
      )
      expect(() => checkBinding({ ...config, tokensFile: 'tokens.json' })).not.toThrow()
    },
  )
})

describe('a receiver with tokens', () => {
  it('takes exports with a token of scope ingest only', async () => {
    const gateway = createToken('gateway', ['ingest'])
    const reader = createToken('reader', ['read'])
    const sidecar = await startTestSidecar(directory.path, {
      tokensFile: tokensFile({ tokens: [gateway.entry, reader.entry] }),
    })
    try {
      const url = `${sidecar.otlpUrl}/v1/traces`
      const none = await post(url, '{}')
      expect(none.status).toBe(401)
      expect(none.headers.get('www-authenticate')).toBe('Bearer')
      expect((await post(url, '{}', { authorization: 'Bearer ops_wrong' })).status).toBe(401)
      expect((await post(url, '{}', { authorization: `Bearer ${reader.token}` })).status).toBe(403)
      expect((await post(url, '{}', { authorization: `Bearer ${gateway.token}` })).status).toBe(200)
    } finally {
      await sidecar.stop()
    }
  })
})
